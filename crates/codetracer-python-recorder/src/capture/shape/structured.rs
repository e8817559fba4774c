//! Objects of other types than the exact built-in ones: the content that their structure has, and their attributes.

use trace_model::value::Form;

use super::{
    Child, Shape, buffers, callables, containers, content, instances, named, numbers, times,
};
use crate::capture::limits::Limits;
use crate::raw::object::{Kind, Obj};
use crate::raw::structure::{self, Structure};

pub(super) fn structured<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let found = structure::of(obj);
    let mut hidden = found.hidden;
    let mut shape = match found.structure {
        Structure::Plain | Structure::Members => Shape::attrs(Vec::new()),
        Structure::Opaque => Shape::opaque(),
        Structure::Builtin(kind) => match kind {
            Kind::List => containers::list(obj, limits),
            Kind::Tuple => containers::tuple_subclass(obj, limits),
            Kind::Dict => containers::dict(obj, limits),
            Kind::Set | Kind::FrozenSet => containers::set(obj, limits),
            Kind::ByteArray => content::bytearray(obj, limits),
            // Attributes of a module are its namespace.
            Kind::Module => return named::module(obj),
            kind => content::scalar(obj, kind, limits),
        },
        Structure::DefaultDict => containers::dict(obj, limits),
        Structure::OrderedDict => containers::ordered_dict(obj, limits),
        Structure::Deque => containers::deque(obj, limits),
        Structure::Array => buffers::array(obj, limits),
        Structure::MemoryView => buffers::memory_view(obj, limits),
        Structure::NumpyArray => buffers::numpy_array(obj, limits),
        Structure::NumpyScalar => buffers::numpy_scalar(obj),
        Structure::MappingProxy | Structure::DictView | Structure::Cell => {
            Shape::content(1, Child::of(obj.referent()))
        }
        Structure::WeakRef => callables::weak_reference(obj),
        Structure::Date => times::date(obj),
        Structure::DateTime => times::datetime(obj),
        Structure::Time => times::time(obj),
        Structure::TimeDelta => times::delta(obj),
        Structure::TimeZone => times::zone(obj),
        Structure::Decimal => numbers::decimal(obj, limits),
        Structure::BuiltinFunction => callables::builtin(obj),
        Structure::Descriptor => callables::descriptor(obj),
        Structure::Generator => {
            hidden = true;
            callables::generator(obj)
        }
        Structure::Match => callables::matched(obj),
        Structure::References => {
            hidden = true;
            buffers::references(obj, limits)
        }
    };
    if matches!(
        found.structure,
        Structure::Members | Structure::DefaultDict | Structure::Match
    ) {
        instances::members(obj, &mut shape);
    }
    instances::attributes(obj, limits, &mut shape);
    if hidden && !(shape.form == Form::Attrs && shape.children.is_empty()) {
        shape.hides();
    } else if hidden {
        shape.form = Form::Opaque;
    }
    shape
}
