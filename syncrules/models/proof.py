"""What a connection has to show before it goes live: two-way tests, pilots, and gates that two people overrode."""

from django.db import models


class TwoWayTest(models.Model):
    """One run of the eight checks (playbook, Step 5). The row is the work, and the report that is kept.

    ``mark`` is in the address of every record that it makes, ``basis`` what it was run against
    (``domain.basis``): a test counts while its connection still has that. ``checks`` is a list of ``number``,
    ``title``, ``passed`` and ``evidence``.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "waiting for a worker"
        RUNNING = "running", "running"
        CLEANING = "cleaning", "cleaning up"
        PASSED = "passed", "passed"
        FAILED = "failed", "failed"
        STOPPED = "stopped", "stopped"

    connection = models.ForeignKey(
        "syncrules.Connection", on_delete=models.CASCADE, related_name="tests", db_index=False
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    mark = models.CharField(max_length=40, unique=True)
    basis = models.CharField(max_length=64, blank=True)
    worksheet = models.PositiveIntegerField(null=True, help_text="The number of the version that it was run with.")
    started_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    step = models.CharField(max_length=200, blank=True, help_text="What it does now, in words.")
    done = models.PositiveIntegerField(default=0)
    of = models.PositiveIntegerField(default=0)
    stop = models.BooleanField(default=False, help_text="Somebody asked it to stop.")
    checks = models.JSONField(default=list)
    problem = models.TextField(blank=True)
    cleaned_at = models.DateTimeField(null=True, help_text="When nothing of it was left on either side.")
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["connection", "-id"], name="two_way_test_of")]
        permissions = [("run_two_way_test", "Can run the eight checks")]

    def __str__(self) -> str:
        return f"Two-way test {self.pk}"


class MarkedRecord(models.Model):
    """An address that a two-way test uses, written down before anything is made with it, so that all of it is found."""

    test = models.ForeignKey(TwoWayTest, on_delete=models.CASCADE, related_name="records", db_index=False)
    address = models.CharField(max_length=320)
    contact_id = models.BigIntegerField(null=True)
    record_id = models.CharField(max_length=100, blank=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["test", "address"], name="marked_record_once")]

    def __str__(self) -> str:
        return self.address


class Pilot(models.Model):
    """A first sync of real contacts, at most 500 of one source (playbook, Step 5), watched while it runs.

    ``limits`` and ``seen`` are by the name of what is watched (``domain.pilot``).
    """

    class Status(models.TextChoices):
        RUNNING = "running", "running"
        STOPPED = "stopped", "stopped"
        CLEAN = "clean", "clean"
        TAKING_BACK = "taking", "being taken back"
        TAKEN_BACK = "taken", "taken back"

    connection = models.ForeignKey(
        "syncrules.Connection", on_delete=models.CASCADE, related_name="pilots", db_index=False
    )
    source = models.ForeignKey("contacts.Source", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.RUNNING)
    basis = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    limits = models.JSONField(default=dict)
    seen = models.JSONField(default=dict)
    seen_at = models.DateTimeField(null=True)
    started_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by_name = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    taken_back_by_name = models.CharField(max_length=200, blank=True)
    taken_back_by = models.IntegerField(null=True, help_text="The user's id, for the rows of history.")
    taken_back_at = models.DateTimeField(null=True)
    left = models.JSONField(default=list, help_text="What could not be taken back, and why.")
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection"], condition=models.Q(status="running"), name="pilot_one_at_a_time"
            ),
            models.CheckConstraint(condition=models.Q(size__lte=500), name="pilot_at_most_500"),
        ]
        indexes = [models.Index(fields=["connection", "-id"], name="pilot_of")]
        permissions = [("run_pilot", "Can start, end and take back a pilot")]

    def __str__(self) -> str:
        return f"Pilot {self.pk}"


class PilotMember(models.Model):
    """A contact of a pilot's segment."""

    pilot = models.ForeignKey(Pilot, on_delete=models.CASCADE, related_name="members", db_index=False)
    contact_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pilot", "contact_id"], name="pilot_member_once")]
        indexes = [models.Index(fields=["contact_id"], name="pilot_member_contact")]

    def __str__(self) -> str:
        return f"Contact {self.contact_id} of pilot {self.pilot_id}"


class PilotWrite(models.Model):
    """What a pilot wrote into a record of the MAP, with what stood there before, so that it can be taken back."""

    pilot = models.ForeignKey(Pilot, on_delete=models.CASCADE, related_name="writes", db_index=False)
    contact_id = models.BigIntegerField()
    record_id = models.CharField(max_length=100)
    made = models.BooleanField(default=False, help_text="The pilot made the record.")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["pilot", "contact_id"], name="pilot_write_contact")]

    def __str__(self) -> str:
        return f"Write into {self.record_id} by pilot {self.pilot_id}"


class Override(models.Model):
    """A gate that was red and was passed all the same: who asked and why, and the second person who agreed.

    ``basis`` is what the connection had then; it lifts the gate for that alone, and stays visible for good.
    """

    connection = models.ForeignKey(
        "syncrules.Connection", on_delete=models.CASCADE, related_name="overrides", db_index=False
    )
    gate = models.CharField(max_length=40)
    said = models.TextField(help_text="What the gate said then.")
    reason = models.TextField()
    basis = models.CharField(max_length=64)
    asked_by = models.ForeignKey("auth.User", null=True, on_delete=models.SET_NULL, related_name="+")
    asked_by_name = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    agreed_by = models.ForeignKey("auth.User", null=True, on_delete=models.SET_NULL, related_name="+")
    agreed_by_name = models.CharField(max_length=200, blank=True)
    agreed_at = models.DateTimeField(null=True)
    withdrawn_by_name = models.CharField(max_length=200, blank=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(agreed_by=None)
                | models.Q(asked_by=None)
                | ~models.Q(agreed_by=models.F("asked_by")),
                name="override_two_people",
            )
        ]
        indexes = [models.Index(fields=["connection", "-id"], name="override_of")]
        permissions = [("ask_override", "Can ask to override a gate"), ("agree_override", "Can agree to an override")]

    def __str__(self) -> str:
        return f"Override of {self.gate}"
