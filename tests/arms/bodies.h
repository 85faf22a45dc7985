// The bodies: small scenarios, each with the options it needs and the one trace it leaves in every
// arm.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "mockserver/script.h"
#include "sdk/options.h"
#include "tests/arms/arm.h"

namespace lockstep {

struct Body {
  std::string name;
  void (*adjust)(Options&) = nullptr;  // nullptr: body_options() as they are
  void (*run)(Arm&) = nullptr;
  std::string trace;  // a line break, then Arm::trace()
};

// Sends only when flushed, one request at a time, with backoffs that real time can bear.
Options body_options();

std::vector<Body> delivery_bodies();
std::vector<Body> trouble_bodies();
std::vector<Body> limits_bodies();
std::vector<Body> all_bodies();

// What the bodies' scripts are made of.
mock::Step status(int code, http::Headers headers = {});
mock::Step fault(http::Fault kind, std::uint64_t bytes = 0);
mock::Step results(std::vector<mock::EventResult> per_event);
// Analytics events of these names.
void capture_all(Arm& arm, std::initializer_list<const char*> names);

}  // namespace lockstep
