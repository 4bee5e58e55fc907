"""How fast an unsubscribe reaches each MAP."""

from django.db import models


class OptOutOrder(models.Model):
    """An address that a connection has to stop mailing: asked for when, on the way since, acknowledged when.

    Times are in order, but for a MAP that had it already: that is acknowledged at once.
    """

    connection = models.ForeignKey(
        "syncrules.Connection", on_delete=models.CASCADE, related_name="opt_outs", db_index=False
    )
    address = models.CharField(max_length=320, help_text="The key of the address.")
    door = models.CharField(max_length=60, blank=True, help_text="Where the person said no, in words.")
    asked_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "address"],
                condition=models.Q(acknowledged_at=None),
                name="opt_out_order_open_once",
            )
        ]
        indexes = [
            models.Index(fields=["asked_at"], condition=models.Q(acknowledged_at=None), name="opt_out_order_waits"),
            models.Index(fields=["connection", "-asked_at"], name="opt_out_order_of"),
        ]

    def __str__(self) -> str:
        return f"{self.connection_id}: {self.asked_at:%Y-%m-%d %H:%M}"
