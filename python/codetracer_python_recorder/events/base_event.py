"""What programs emit: ``BaseEvent`` and the classes derived from it.

Owns the event's public face: construction, the ``event_*`` attributes, waiting, accessors. The
payload is an ordinary pydantic model; everything ``event_*`` lives in one slotted record. Refuses
to know how events are processed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast, dataclass_transform

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PrivateAttr,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    model_serializer,
)
from pydantic.json_schema import JsonSchemaValue

from . import clock, event_json, event_schema, outcomes
from .event_result import EventResult, current_run
from .logging import event_tree
from .modes import (
    EventConcurrencyMode,
    EventHandlerCompletionMode,
    EventHandlerConcurrencyMode,
    EventStatus,
)
from .options import check_option, effective
from .record import EventRecord
from .waiting import wait

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
    from pydantic_core import CoreSchema

    from .event_bus import EventBus
else:
    ModelMetaclass = type(BaseModel)

__all__ = ["BaseEvent", "pattern_of"]


@dataclass_transform(kw_only_default=True, field_specifiers=(Field, PrivateAttr))
class _EventMeta(ModelMetaclass):
    """Keeps the ``event_*`` declarations of a class body from becoming payload fields."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any
    ) -> type:
        declared = {}
        if bases and bases[0] is not BaseModel:
            annotations = namespace.get("__annotations__", {})
            for key in event_schema.DECLARABLE:
                annotations.pop(key, None)
                if key in namespace:
                    declared[key] = namespace.pop(key)
            if "_record" in namespace.get("__slots__", ()):
                # A parametrized class repeats the slots of its origin, which would hide them.
                namespace["__slots__"] = ()
        cls = super().__new__(mcs, name, bases, namespace, **kwargs)
        event_schema.describe(cls, name, declared)
        return cls


def _option(name: str) -> Any:
    """An attribute for an option: the event's own value, else that of the bus that processes it."""

    def read(self: BaseEvent[Any]) -> Any:
        record = self._record
        run = current_run()
        if run is not None and run.record is record and run.execution is not None:
            return effective(record, name, run.execution.bus)
        return effective(record, name, record.bus)

    def write(self: BaseEvent[Any], value: object) -> None:
        self._record.set_option(name, check_option(name, value))
        self.__pydantic_fields_set__.add(name)

    return property(read, write)


class BaseEvent[T](BaseModel, metaclass=_EventMeta):
    """An event; ``T`` is the type of its handlers' results.

    Subclasses declare payload fields like any pydantic model, and may declare defaults for the
    options::

        class Saved(BaseEvent[int]):
            path: str
            event_timeout: float | None = 5.0

    Options (``event_timeout`` ... ``event_handler_completion``) left unset are the bus's; limits
    are in seconds, ``None`` is unlimited. ``await event`` waits until it is complete; inside a
    handler the event jumps the queue.

    Raises:
        pydantic.ValidationError: the payload is not valid.
        TypeError, ValueError: an option is not allowed.
    """

    # Infinities must reach the serializer below, which refuses them.
    model_config = ConfigDict(
        extra="allow", arbitrary_types_allowed=True, ser_json_inf_nan="constants"
    )
    __slots__ = ("_record",)

    if TYPE_CHECKING:
        event_id: str = ""
        event_type: str = ""
        event_version: str = "1"
        event_result_type: Any = None
        event_timeout: float | None = None
        event_slow_timeout: float | None = None
        event_handler_timeout: float | None = None
        event_handler_slow_timeout: float | None = None
        event_concurrency: EventConcurrencyMode | str | None = None
        event_handler_concurrency: EventHandlerConcurrencyMode | str | None = None
        event_handler_completion: EventHandlerCompletionMode | str | None = None
        event_parent_id: str | None = None
        event_created_at: str = ""

        _record: EventRecord = PrivateAttr()
    else:
        event_timeout = _option("event_timeout")
        event_slow_timeout = _option("event_slow_timeout")
        event_handler_timeout = _option("event_handler_timeout")
        event_handler_slow_timeout = _option("event_handler_slow_timeout")
        event_concurrency = _option("event_concurrency")
        event_handler_concurrency = _option("event_handler_concurrency")
        event_handler_completion = _option("event_handler_completion")

        @property
        def event_id(self) -> str:
            return self._record.event_id

        @property
        def event_type(self) -> str:
            return self._record.type

        @property
        def event_version(self) -> str:
            return self._record.version or type(self).__event_version__

        @property
        def event_result_type(self) -> Any:
            return self._record.own.get("event_result_type", type(self).__event_result_type__)

        @property
        def event_parent_id(self) -> str | None:
            return self._record.parent_id

        @property
        def event_created_at(self) -> str:
            return clock.format_time(self._record.created_ns)

        def __init__(self, /, **data: Any) -> None:
            cls = type(self)
            record = EventRecord(self, cls.__event_type__, cls.__event_own__)
            _RECORD.__set__(self, record)
            if event_schema.KNOWN.isdisjoint(data):
                self.__pydantic_validator__.validate_python(data, self_instance=self)
            else:
                given = event_json.take_fields(record, data)
                self.__pydantic_validator__.validate_python(data, self_instance=self)
                self.__pydantic_fields_set__.update(given)

    __event_type__: ClassVar[str]
    __event_version__: ClassVar[str]
    __event_own__: ClassVar[Mapping[str, Any]]
    __event_result_type__: ClassVar[Any]
    __event_adapter__: ClassVar[Any]

    @property
    def event_status(self) -> EventStatus:
        """``pending``, ``started`` or ``completed``."""
        return self._record.status

    @property
    def event_path(self) -> list[str]:
        """The labels of the buses that took the event, in order."""
        return list(self._record.path)

    @property
    def event_emitted_by_handler_id(self) -> str | None:
        """The id of the handler that emitted the event."""
        return self._record.emitted_by

    @property
    def event_started_at(self) -> str | None:
        """When the first bus started with it: RFC 3339, UTC."""
        at = self._record.started_ns
        return None if at is None else clock.format_time(at)

    @property
    def event_completed_at(self) -> str | None:
        """When it became complete: RFC 3339, UTC."""
        at = self._record.completed_ns
        return None if at is None else clock.format_time(at)

    @property
    def event_results(self) -> dict[str, EventResult[T]]:
        """The results by handler id, in the order of buses and registration."""
        return dict(self._record.results or {})

    @property
    def event_middleware_errors(self) -> list[BaseException]:
        """What middlewares raised while they were told about this event."""
        return list(self._record.middleware_errors or ())

    @property
    def event_children(self) -> list[BaseEvent[Any]]:
        """The events that this one's handlers emitted."""
        return [child.event for child in self._record.children()]

    @property
    def event_bus(self) -> EventBus:
        """The bus whose handler runs the calling code, else the first one that took the event.

        Raises:
            RuntimeError: no bus has taken it.
        """
        run = current_run()
        if run is not None and run.record is self._record and run.execution is not None:
            return run.execution.bus
        if self._record.bus is None:
            raise RuntimeError(f"{self.event_type} was not emitted on any bus")
        return self._record.bus

    def __await__(self) -> Generator[Any, None, Self]:
        yield from wait(self._record, jump=True).__await__()
        return self

    async def event_completed(self) -> Self:
        """Waits until the event is complete, also inside a handler without jumping the queue.

        Raises:
            RuntimeError: no bus has taken the event.
            EventCycleError: the event waits for the calling handler.
        """
        await wait(self._record, jump=False)
        return self

    async def first(
        self,
        timeout: float | None = None,
        raise_if_any: bool = False,
        raise_if_none: bool = False,
    ) -> T | None:
        """The first value that a handler returns; the other handlers are stopped.

        Args:
            timeout: seconds to wait; 0 does not wait, ``None`` waits without limit.
            raise_if_any: raise if any handler failed by itself.
            raise_if_none: raise if no handler returned a value.

        Returns:
            The value, or ``None`` if there is none in time.

        Raises:
            ExceptionGroup, Exception, ValueError: as asked for.
        """
        return await outcomes.first(self, timeout, raise_if_any, raise_if_none)

    async def event_result(
        self,
        timeout: float | None = None,
        include: Callable[[EventResult[T]], bool] | None = None,
        raise_if_any: bool = True,
        raise_if_none: bool = True,
    ) -> T | None:
        """The first value in the order of the results, once the event is complete.

        Args:
            timeout: seconds to wait; 0 does not wait, ``None`` waits without limit.
            include: which results count; by default those with a value that is neither ``None``
                nor an event.
            raise_if_any: raise if a handler failed: its error, or a group of several.
            raise_if_none: raise if no handler returned a value.

        Raises:
            TimeoutError: the event is not complete in time.
            ValueError: there is no value.
        """
        values = await outcomes.values(self, timeout, include, raise_if_any, raise_if_none)
        return values[0] if values else None

    async def event_results_list(
        self,
        timeout: float | None = None,
        include: Callable[[EventResult[T]], bool] | None = None,
        raise_if_any: bool = True,
        raise_if_none: bool = True,
    ) -> list[T]:
        """All values in the order of the results; parameters and errors as for ``event_result``."""
        return await outcomes.values(self, timeout, include, raise_if_any, raise_if_none)

    def event_reset(self) -> Self:
        """A new event with the same payload and options, emitted nowhere."""
        fresh = super().__copy__()
        record = EventRecord(fresh, self._record.type, self._record.own)
        record.version = self._record.version
        _RECORD.__set__(fresh, record)
        return fresh

    def event_log_tree(self) -> str:
        """The event with its results and children as text."""
        return event_tree(self._record)

    def __copy__(self) -> Self:
        twin = super().__copy__()
        _RECORD.__set__(twin, event_json.clone(self._record, twin))
        return twin

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        twin = super().__deepcopy__(memo)
        _RECORD.__set__(twin, event_json.clone(self._record, twin))
        return twin

    def __reduce__(self) -> tuple[Any, ...]:
        return _load, (type(self), self.model_dump())

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, BaseEvent):
            return NotImplemented
        return self.event_id == other.event_id and super().__eq__(other)

    def __hash__(self) -> int:
        return hash(self.event_id)

    def __repr_args__(self) -> Any:
        yield None, f"{self._record.status}#{self.event_id[-4:]}"
        yield from super().__repr_args__()

    def _result_adapter(self) -> TypeAdapter[Any] | None:
        if self._record.own:
            return event_schema.adapter(self.event_result_type)
        return event_schema.adapter_of(type(self))

    @model_serializer(mode="wrap")
    def _serialize(
        self, handler: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> dict[str, Any]:
        return event_json.dump(self._record, handler(self), info)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        payload = {key: value for key, value in core_schema.items() if key != "serialization"}
        schema = handler(cast("CoreSchema", payload))
        return event_schema.json_schema(handler.resolve_ref_schema(schema))

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        """As in pydantic: the payload is not validated; ``event_*`` values are."""
        known = {name: values.pop(name) for name in list(values) if name in event_schema.KNOWN}
        event = super().model_construct(_fields_set, **values)
        record = EventRecord(event, cls.__event_type__, cls.__event_own__)
        _RECORD.__set__(event, record)
        event.__pydantic_fields_set__.update(event_json.take_fields(record, known))
        return event


_RECORD: Any = BaseEvent.__dict__["_record"]


def _load(cls: type[BaseEvent[Any]], data: dict[str, Any]) -> BaseEvent[Any]:
    return cls.model_validate(data)


def pattern_of(event_pattern: str | type[BaseEvent[Any]]) -> str:
    """The event type that a pattern names.

    Raises:
        TypeError: it is neither a name nor an event class.
    """
    if isinstance(event_pattern, str):
        return event_pattern
    if isinstance(event_pattern, type) and issubclass(event_pattern, BaseEvent):
        return event_pattern.__event_type__
    raise TypeError(f"neither a type's name nor an event class: {event_pattern!r}")
