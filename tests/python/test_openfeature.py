"""OpenFeature's client from Python: values, contexts, hooks, events, domains."""

import datetime
import gc
import logging
import pickle
import weakref

import pytest

from lockstep.openfeature import (
    Api,
    Client,
    ErrorCode,
    EvaluationContext,
    EvaluationError,
    FlagType,
    Hook,
    ProviderEventType,
    ProviderStatus,
    Reason,
)
from lockstep.providers import Memory, MemoryFlag


def of(value, **more):
    return MemoryFlag({"only": value}, "only", **more)


def flags():
    return Memory(
        {
            "on": of(True),
            "name": of("v2", metadata={"owner": "shop"}),
            "seats": of(3),
            "share": of(0.5),
            "theme": of({"colours": ["red", 1, 1.5, None, True]}),
            "by-plan": MemoryFlag(
                {"pro": "P", "free": "F"}, "free", choose=lambda context: context.attributes["plan"]
            ),
            "none": MemoryFlag({}, None),
            "off": of(True, disabled=True),
        }
    )


@pytest.fixture
def client():
    return Client(flags())


# --- values ---------------------------------------------------------------------------------------


def test_each_type_has_its_values(client):
    assert client.get_boolean_value("on", False) is True
    assert client.get_string_value("name", "v1") == "v2"
    assert client.get_integer_value("seats", 1) == 3
    assert client.get_float_value("share", 0.1) == 0.5
    seats = client.get_float_value("seats", 0)
    assert (seats, type(seats)) == (3.0, float)
    theme = client.get_object_value("theme", {})
    assert theme == {"colours": ["red", 1, 1.5, None, True]}
    assert [type(item) for item in theme["colours"]] == [str, int, float, type(None), bool]


def test_details_say_why(client):
    details = client.get_string_details("name", "v1")
    assert (details.flag_key, details.variant, details.reason) == ("name", "only", Reason.STATIC)
    assert details.metadata == {"owner": "shop"} and details.error_code is None
    absent = client.get_string_details("absent", "mine")
    assert (absent.value, absent.reason) == ("mine", Reason.ERROR)
    assert absent.error_code is ErrorCode.FLAG_NOT_FOUND and absent.variant is None
    wrong = client.get_integer_details("share", 7)
    assert (wrong.value, wrong.error_code) == (7, ErrorCode.TYPE_MISMATCH)
    assert client.get_boolean_details("off", False).reason is Reason.DISABLED
    assert client.get_object_details("none", [1]).value == [1]


@pytest.mark.parametrize(
    "method, default",
    [
        ("get_boolean_value", 1),
        ("get_boolean_value", None),
        ("get_string_value", b"v1"),
        ("get_integer_value", True),
        ("get_integer_value", 1.0),
        ("get_float_value", "1"),
        ("get_float_value", False),
        ("get_object_value", "{}"),
    ],
)
def test_a_default_of_another_type_is_named(client, method, default):
    with pytest.raises(TypeError, match=f"default: found {type(default).__name__}"):
        getattr(client, method)("on", default)


# --- contexts -------------------------------------------------------------------------------------


def test_a_context_is_a_value():
    context = EvaluationContext("user-1", {"plan": "pro", "seats": 3})
    assert context == EvaluationContext("user-1", {"seats": 3, "plan": "pro"})
    assert context != EvaluationContext("user-1", {"seats": 3.0, "plan": "pro"})
    assert context != EvaluationContext("user-2", context.attributes)
    assert pickle.loads(pickle.dumps(context)) == context
    context.attributes["plan"] = "free"
    assert context.attributes["plan"] == "pro"
    assert repr(context) == "EvaluationContext('user-1', {'plan': 'pro', 'seats': 3})"
    assert EvaluationContext().anonymous and not context.anonymous
    over = context.merged(EvaluationContext("", {"plan": "team"}))
    assert over == EvaluationContext("user-1", {"plan": "team", "seats": 3})


def test_a_date_stays_one():
    zone = datetime.timezone(datetime.timedelta(hours=2))
    born = datetime.datetime(2020, 2, 29, 12, 30, 15, 123456, tzinfo=zone)
    assert EvaluationContext("", {"born": born}).attributes["born"] == born


@pytest.mark.parametrize(
    "attributes, place",
    [
        ({"a": object()}, r"attributes\.a: found object"),
        ({"a": {"b": [1, {2, 3}]}}, r"attributes\.a\.b\[1\]: found set"),
        ({"a": {1: "x"}}, r"attributes\.a: found a key of type int"),
        (["a"], "attributes: found list"),
    ],
)
def test_what_a_context_cannot_hold_is_named(attributes, place):
    with pytest.raises(TypeError, match=place):
        EvaluationContext("user-1", attributes)


def test_a_context_that_contains_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="attributes: nests deeper"):
        EvaluationContext("", {"loop": loop})


def test_contexts_merge_by_their_levels():
    seen = []

    class Look(Hook):
        def before(self, context, hints):
            return EvaluationContext("", {"hook": 5, "e": 5})

        def finally_after(self, context, details, hints):
            seen.append(context.context)

    with Api() as api:
        api.set_provider(Memory({"on": of(True)}))
        api.set_context(EvaluationContext("api", {level: 1 for level in "abcde"}))
        api.set_transaction_context(lambda: EvaluationContext("", {level: 2 for level in "bcde"}))
        client = api.client()
        client.set_context(EvaluationContext("client", {level: 3 for level in "cde"}))
        client.add_hooks(Look())
        client.get_boolean_value("on", False, EvaluationContext("", {"d": 4, "e": 4}))
    merged = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "hook": 5}
    assert seen == [EvaluationContext("client", merged)]


def test_what_the_transaction_s_source_raises_is_an_error(client):
    api = Api()
    api.set_provider(flags())

    def broken():
        raise LookupError("no transaction")

    api.set_transaction_context(broken)
    details = api.client().get_boolean_details("on", False)
    assert (details.value, details.error_code) == (False, ErrorCode.GENERAL)
    assert details.error_message == "LookupError: no transaction"
    api.set_transaction_context(lambda: "user-1")
    assert "context: found str" in api.client().get_boolean_details("on", False).error_message
    api.set_transaction_context(None)
    assert api.client().get_boolean_value("on", False)


def test_a_choice_sees_the_context(client):
    pro = EvaluationContext("u", {"plan": "pro"})
    assert client.get_string_value("by-plan", "none", pro) == "P"
    details = client.get_string_details("by-plan", "none")
    assert (details.value, details.error_code) == ("none", ErrorCode.GENERAL)
    assert details.error_message == "KeyError: 'plan'"
    odd = Client(Memory({"f": MemoryFlag({"a": 1}, "a", choose=lambda context: 7)}))
    assert "choose returned int" in odd.get_integer_details("f", 0).error_message
    with pytest.raises(TypeError, match="context: found str"):
        client.get_string_value("by-plan", "none", "user-1")


# --- hooks ----------------------------------------------------------------------------------------


class Recorder(Hook):
    def __init__(self, name, log, fails=None):
        self.name, self.log, self.fails = name, log, fails

    def record(self, stage, context):
        self.log.append((self.name, stage, context.data.setdefault("stages", 0)))
        context.data["stages"] += 1
        if self.fails == stage:
            raise LookupError(f"{self.name} {stage}")

    def before(self, context, hints):
        self.record("before", context)

    def after(self, context, details, hints):
        self.record("after", context)

    def error(self, context, error, hints):
        self.record("error", context)

    def finally_after(self, context, details, hints):
        self.record("finally", context)


def run_hooks(**fails):
    log = []
    api = Api()
    api.set_provider(flags())
    api.add_hooks(Recorder("api", log, fails.get("api")))
    client = api.client()
    client.add_hooks(Recorder("client", log, fails.get("client")))
    call = Recorder("call", log, fails.get("call"))
    details = client.get_boolean_details("on", False, hooks=[call])
    return details, log


def test_hooks_run_in_order_with_data_of_their_own():
    details, log = run_hooks()
    assert details.value is True
    names = ["api", "client", "call"]
    assert log == (
        [(name, "before", 0) for name in names]
        + [(name, "after", 1) for name in reversed(names)]
        + [(name, "finally", 2) for name in reversed(names)]
    )


def test_what_before_raises_gives_the_default():
    details, log = run_hooks(client="before")
    assert (details.value, details.reason) == (False, Reason.ERROR)
    assert details.error_code is ErrorCode.GENERAL
    assert details.error_message == "LookupError: client before"
    stages = [(name, stage) for name, stage, _ in log]
    assert stages[:2] == [("api", "before"), ("client", "before")]
    assert stages[2:] == [(n, s) for s in ("error", "finally") for n in ("call", "client", "api")]


def test_what_after_raises_gives_the_default():
    details, log = run_hooks(client="after")
    assert (details.value, details.error_message) == (False, "LookupError: client after")
    assert ("api", "after", 1) not in log


def test_what_the_last_stages_raise_is_logged_and_changes_nothing(caplog):
    details, log = run_hooks(call="finally")
    assert details.value is True
    assert [entry[0] for entry in log if entry[1] == "finally"] == ["call", "client", "api"]
    assert "finally_after raised" in caplog.text and "call finally" in caplog.text


def test_hooks_are_told_of_everything(client):
    seen = []

    class Look(Hook):
        def before(self, context, hints):
            seen.append((context.flag_key, context.flag_type, context.default_value))
            seen.append((context.provider_name, context.client_domain, hints))

        def after(self, context, details, hints):
            seen.append((details.value, details.variant))

        def error(self, context, error, hints):
            seen.append(error)

    client.get_integer_value("seats", 7, hooks=[Look()], hook_hints={"trace": [1]})
    assert seen == [("seats", FlagType.INTEGER, 7), ("memory", "", {"trace": [1]}), (3, "only")]
    seen.clear()
    client.get_integer_value("absent", 7, hooks=[Look()])
    assert seen[-1] == EvaluationError(ErrorCode.FLAG_NOT_FOUND, seen[-1].message)


def test_before_may_return_a_context_and_nothing_else(client):
    class Odd(Hook):
        def before(self, context, hints):
            return {"plan": "pro"}

    details = client.get_string_details("name", "v1", hooks=[Odd()])
    assert details.value == "v1"
    assert details.error_message == (
        "TypeError: before returned dict; expected an EvaluationContext, or None"
    )


def test_a_keyboard_interrupt_in_a_hook_reaches_the_caller(client):
    class Interrupted(Hook):
        def before(self, context, hints):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.get_boolean_value("on", False, hooks=[Interrupted()])
    assert client.get_boolean_value("on", False)


def test_what_refers_to_its_client_is_collected():
    class Owner(Hook):
        def __init__(self):
            self.client = Client(flags())
            self.client.add_hooks(self)
            self.client.on(ProviderEventType.STALE, self.hear)

        def hear(self, event):
            pass

    owner = Owner()
    assert owner.client.get_boolean_value("on", False)
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None


# --- events and domains ---------------------------------------------------------------------------


def test_events_of_a_provider_are_heard():
    provider = Memory({"a": of(1)})
    client = Client(provider)
    heard = []
    client.on(ProviderEventType.READY, heard.append)
    assert [event.type for event in heard] == [ProviderEventType.READY]  # it is so already

    @client.on(ProviderEventType.CONFIGURATION_CHANGED)
    def changed(event):
        heard.append(event)

    provider.set("a", of(2))
    assert heard[-1].flags_changed == ["a"] and heard[-1].provider_name == "memory"
    assert client.get_integer_value("a", 0) == 2
    client.off(changed)
    provider.set("a", of(3))
    assert len(heard) == 2


def test_what_a_handler_raises_is_logged(caplog):
    provider = Memory()
    client = Client(provider)
    client.on(ProviderEventType.CONFIGURATION_CHANGED, lambda event: 1 / 0)
    heard = []
    client.on(ProviderEventType.CONFIGURATION_CHANGED, heard.append)
    with caplog.at_level(logging.ERROR, "lockstep"):
        provider.set("a", of(1))
    assert "ZeroDivisionError" in caplog.text and len(heard) == 1
    with pytest.raises(TypeError, match="handler: found int"):
        client.on(ProviderEventType.STALE, 7)


def test_domains_have_providers_of_their_own():
    api = Api()
    assert api.provider() is None
    assert api.client().get_boolean_details("on", True).error_code is ErrorCode.PROVIDER_NOT_READY
    everywhere, shop = Memory({"f": of("everywhere")}), Memory({"f": of("shop")})
    api.set_provider(everywhere)
    api.set_provider(shop, domain="shop")
    assert api.client("shop").get_string_value("f", "") == "shop"
    assert api.client("other").get_string_value("f", "") == "everywhere"
    assert api.provider("shop") is shop and api.provider("other") is everywhere
    assert api.client("shop").domain == "shop"
    with pytest.raises(TypeError, match="provider: found NoneType"):
        api.set_provider(None)


def test_a_shutdown_stops_the_providers():
    with Api() as api:
        provider = Memory({"on": of(True)})
        api.set_provider(provider)
        client = api.client()
        assert (client.provider_status, provider.is_healthy) == (ProviderStatus.READY, True)
    assert provider.status is ProviderStatus.NOT_READY
    assert client.get_boolean_details("on", False).error_code is ErrorCode.PROVIDER_NOT_READY
