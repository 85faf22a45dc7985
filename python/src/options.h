// A client's options from a dict: the names of sdk/options.h, durations in seconds.
#pragma once

#include <optional>

#include "pybind.h"
#include "scenarios/explore/family.h"
#include "sdk/event.h"
#include "sdk/options.h"
#include "sdk/transport/curl_transport.h"

namespace lockstep::python {

// Throws TypeError for a name that is no option or a value of another type, ValueError for a value
// that makes no sense. Options that are callables are given as functions that never raise:
//   before_send  list of functions from the event as a dict to the dict, or None to drop it
//   on_outcome, on_error, on_request, logger(level, message)
Options options_from(const py::dict& given);

// The same over options that have values already.
void set_options(Options& options, const py::dict& given);

// An event as hooks and observers get it: event, distinct_id, properties, uuid and timestamp.
py::dict event_dict(const Event& event);

// A protocol by its name; None: none. Throws ValueError.
std::optional<Capture> capture_from(const py::object& name);
// What runs of the explorer are about; likewise.
std::optional<explore::Workload> workload_from(const py::object& name);

// The names of all options, in the order of sdk/options.h.
py::list option_names();

// proxy, no_proxy, ca_file, interface, max_connections, max_connections_per_host.
CurlOptions curl_options_from(const py::dict& given);

}  // namespace lockstep::python
