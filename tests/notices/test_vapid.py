"""Does the key that the command prints work, and is a signature made once per service and hour?"""

from click.testing import CliRunner

from nexus.notices.command import push_key_command
from nexus.notices.vapid import Vapid, make_key, open_vapid
from nexus.settings import Settings
from tests.notices.phones import push_settings


def test_a_printed_key_can_be_set() -> None:
    line = CliRunner().invoke(push_key_command).output.strip()
    name, _, key = line.partition("=")
    assert name == "VAPID_PRIVATE_KEY"
    vapid = open_vapid(push_settings(vapid_private_key=key))
    assert vapid is not None
    assert len(vapid.public_key) == 87


def test_two_keys_are_not_the_same() -> None:
    assert make_key() != make_key()


def test_without_a_key_there_is_no_push() -> None:
    assert open_vapid(Settings(environment="test")) is None


def test_one_signature_serves_a_service_for_a_while() -> None:
    vapid = Vapid(push_settings())
    one = vapid.sign("https://one.example")
    assert vapid.sign("https://one.example") == one
    assert vapid.sign("https://two.example") != one
