"""The start-up checks of the frame."""

from pathlib import Path

from crmhub import checks


def test_this_checkout_is_clean():
    for check in (
        checks.data_folder_is_writable,
        checks.kept_secrets_are_private,
        checks.uploads_are_not_served,
    ):
        assert check(None) == []


def test_a_missing_upload_folder_is_found(settings, tmp_path):
    settings.UPLOAD_ROOT = tmp_path / "gone"
    assert [error.id for error in checks.data_folder_is_writable(None)] == ["crmhub.E001"]


def test_a_key_that_others_can_read_is_found(settings, tmp_path):
    key = tmp_path / "secret_key"
    key.write_text("x" * 50)
    key.chmod(0o644)
    settings.VAR = tmp_path
    assert [error.id for error in checks.kept_secrets_are_private(None)] == ["crmhub.E002"]


def test_uploads_below_a_served_folder_are_found(settings):
    settings.UPLOAD_ROOT = Path(settings.STATIC_ROOT) / "uploads"
    assert [error.id for error in checks.uploads_are_not_served(None)] == ["crmhub.E003"]
