// The admin API of the mock server, under /_control.
//
// Each path works on one partition: that of the X-Test-Id header or of ?test_id=, which must not
// contradict each other; without either, the partition "". A wrong request gets 400 and a JSON
// error that names the field by its path, and changes nothing.
//
//   GET  /_control/requests        {"requests": [...]}  the journal (report.h)
//   POST /_control/requests/clear  forgets it, with the store and the violations
//   POST /_control/reset           forgets the script too
//   POST /_control/configure       takes a script (script.h) as its body
//   GET  /_control/stored          {"events": [...]}  rows after deduplication
//   GET  /_control/violations      {"violations": [...]}
//   GET  /_control/partitions      {"partitions": [...], "unrouted": [...]}  of all of them
#pragma once

#include "http/message.h"
#include "mockserver/server.h"

namespace lockstep::mock {

// Whether the path belongs to the admin API.
bool is_control(std::string_view path) noexcept;

http::Response control(Server& server, const http::Request& request);

}  // namespace lockstep::mock
