// The bodies: small scenarios, each with the options it needs and the one trace it leaves in every
// arm.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mockserver/script.h"
#include "sdk/options.h"
#include "tests/arms/arm.h"

namespace lockstep {

struct Body {
  std::string name;
  void (*adjust)(Options&) = nullptr;  // nullptr: body_options() as they are
  // What happens: the server is told what to answer, events of these names are captured, then
  // `run`.
  std::vector<mock::Step> script{};
  std::vector<std::string> captures{};
  void (*run)(Arm&) = [](Arm& arm) { arm.flush(); };
  std::string trace{};  // a line break, then Arm::trace()
};

// Sends only when flushed, one request at a time, with backoffs that real time can bear.
Options body_options();

std::vector<Body> delivery_bodies();
std::vector<Body> trouble_bodies();
std::vector<Body> limits_bodies();
std::vector<Body> all_bodies();

// Runs a body in an arm of that kind.
std::unique_ptr<Arm> run(const ArmKind& kind, const Body& body);

// What the bodies' scripts are made of.
mock::Step status(int code, http::Headers headers = {}, std::optional<std::string> body = {});
mock::Step fault(http::Fault kind, std::uint64_t bytes = 0);
mock::Step results(std::vector<mock::EventResult> per_event);

}  // namespace lockstep
