#include "results.h"

#include <array>
#include <stdexcept>

#include "values.h"

namespace lockstep::python {

namespace {

// Never freed: the interpreter may be gone before this library is.
std::array<PyTypeObject*, kTupleCount> types{};
constexpr std::array<std::size_t, kTupleCount> kFields{3, 9, 8, 2, 4, 9, 5, 4, 20, 10, 3, 6};

py::object reason_of(bool has_one, DropReason reason) {
  return has_one ? word(to_string(reason)) : py::none();
}

py::object lane_tuple(const LaneStats& lane) {
  py::dict dropped;
  for (std::size_t i = 0; i < kDropReasonCount; ++i) {
    if (lane.dropped_by_reason[i] == 0) continue;
    dropped[word(to_string(static_cast<DropReason>(i)))] = py::int_(lane.dropped_by_reason[i]);
  }
  return make(Tuple::lane_stats,
              {py::int_(lane.captured), py::int_(lane.delivered), py::int_(lane.unconfirmed),
               std::move(dropped), py::int_(lane.pending), py::int_(lane.pending_bytes),
               py::int_(lane.in_flight), py::int_(lane.requests), py::int_(lane.retries)});
}

}  // namespace

void use_tuples(const py::list& given) {
  if (given.size() != kTupleCount) throw std::logic_error("lockstep: another version's types");
  for (std::size_t i = 0; i < kTupleCount; ++i) {
    const py::object type = given[i];
    if (py::len(type.attr("_fields")) != kFields[i]) {
      throw std::logic_error("lockstep: a result type of another version: " +
                             py::str(type).cast<std::string>());
    }
    types[i] = reinterpret_cast<PyTypeObject*>(type.inc_ref().ptr());
  }
}

py::object make(Tuple which, std::initializer_list<py::object> fields) {
  const auto index = static_cast<std::size_t>(which);
  PyTypeObject* const type = types[index];
  if (type == nullptr || fields.size() != kFields[index]) {
    throw std::logic_error("lockstep: a result type of another version");
  }
  auto tuple = py::reinterpret_steal<py::object>(
      type->tp_alloc(type, static_cast<Py_ssize_t>(fields.size())));
  if (!tuple) throw py::error_already_set();
  Py_ssize_t at = 0;
  for (const py::object& field : fields) {
    PyTuple_SET_ITEM(tuple.ptr(), at++, field.inc_ref().ptr());
  }
  return tuple;
}

py::str text(std::string_view bytes) {
  auto decoded = py::reinterpret_steal<py::str>(
      PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "replace"));
  if (!decoded) throw py::error_already_set();
  return decoded;
}

py::object word(std::string_view word) {
  PyObject* made = PyUnicode_FromStringAndSize(word.data(), static_cast<Py_ssize_t>(word.size()));
  if (made == nullptr) throw py::error_already_set();
  PyUnicode_InternInPlace(&made);
  return py::reinterpret_steal<py::object>(made);
}

py::object to_python(const CaptureResult& result) {
  static PyObject* const accepted = word(to_string(Admission::accepted)).release().ptr();
  if (result.ok()) {
    return make(Tuple::capture_result,
                {py::reinterpret_borrow<py::object>(accepted), py::none(), uuid_text(result.uuid)});
  }
  return make(Tuple::capture_result,
              {word(to_string(result.admission)),
               reason_of(result.admission == Admission::dropped, result.reason),
               result.uuid.is_nil() ? py::object(py::none()) : uuid_text(result.uuid)});
}

py::object to_python(const Outcome& outcome) {
  return make(
      Tuple::outcome,
      {uuid_text(outcome.uuid), word(to_string(outcome.lane)), py::bool_(outcome.delivered),
       py::bool_(outcome.unconfirmed), reason_of(!outcome.delivered, outcome.reason),
       py::int_(outcome.attempts), py::int_(outcome.status), text(outcome.detail), py::none()});
}

py::object to_python(const RequestReport& report) {
  py::list uuids;
  for (const Uuid& uuid : report.uuids) uuids.append(uuid_text(uuid));
  return make(Tuple::request_report,
              {epoch_seconds(report.sent_at), seconds(report.duration),
               word(to_string(report.lane)), py::int_(report.attempt), py::int_(report.status),
               text(report.error), std::move(uuids), py::int_(report.body_bytes)});
}

py::object to_python(const ErrorReport& report) {
  return make(Tuple::error_report, {text(report.message), py::int_(report.events)});
}

py::object to_python(const FlushReport& report) {
  return make(Tuple::flush_report, {word(to_string(report.status)), py::int_(report.delivered),
                                    py::int_(report.dropped), py::int_(report.pending)});
}

py::object to_python(const Stats& stats) {
  py::dict lanes;
  for (std::size_t i = 0; i < kLaneCount; ++i) {
    lanes[word(to_string(static_cast<Lane>(i)))] = lane_tuple(stats.lanes[i]);
  }
  const bool succeeded = stats.last_success != Instant::min();
  return make(Tuple::stats, {lane_tuple(stats.total()), std::move(lanes), py::int_(stats.refused),
                             py::bool_(stats.closed),
                             succeeded ? py::object(seconds(stats.last_success.time_since_epoch()))
                                       : py::object(py::none())});
}

}  // namespace lockstep::python
