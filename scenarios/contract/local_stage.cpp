#include "scenarios/contract/local_stage.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "scenarios/world.h"

namespace lockstep::contract {

namespace {

class LocalStage final : public Stage {
 public:
  LocalStage(const scenario::Settings& settings, std::uint64_t seed)
      : world_(settings, seed), test_id_(scenario::World::kFirstClient) {}

  Answer call(std::string_view method, std::string_view path,
              const std::optional<std::string>& body) override {
    http::Response response = world_.ask(test_id_, method, path, body.value_or(""));
    return {response.status, std::move(response.body), {}};
  }

  void wait(Duration time) override { world_.host().run_for(time); }

  std::optional<bool> settle(Duration limit) override {
    return world_.host().run_until_idle(limit);
  }

  Now now() const override { return world_.clock().read(); }
  mock::Server& server() override { return world_.server(); }
  const std::string& test_id() const override { return test_id_; }
  const std::string& mock_url() const override {
    static const std::string kUrl = "http://ingest.test";
    return kUrl;
  }

  std::optional<Breach> breach() override {
    for (const scenario::World::Law& law : scenario::World::laws()) {
      if (auto failure = law.holds(world_)) return Breach{std::string(law.name), *failure};
    }
    return std::nullopt;
  }

  Trace* trace() override { return &world_.trace(); }

 private:
  mutable scenario::World world_;  // whose clock is asked for the time in now()
  const std::string test_id_;
};

std::set<std::string> capabilities_of(const scenario::Settings& settings) {
  scenario::World world(settings, 0);
  const auto health = nlohmann::json::parse(
      world.ask(std::string(scenario::World::kFirstClient), "GET", "/health", "").body);
  return health.at("capabilities").get<std::set<std::string>>();
}

}  // namespace

LocalTarget::LocalTarget(Capture capture, Compression compression, bool strict, std::uint64_t seed)
    : seed_(seed), name_(to_string(capture)) {
  settings_.capture = capture;
  settings_.compression = compression;
  settings_.strict = strict;
  // The suite's mock reads gzip only; to hold an SDK to the protocol one has to read what it sends.
  settings_.suite_compatible = !strict;
  settings_.journal = true;
  if (compression != Compression::none) name_ += " " + std::string(to_string(compression));
  capabilities_ = capabilities_of(settings_);
}

std::unique_ptr<Stage> LocalTarget::stage(const Test&) {
  return std::make_unique<LocalStage>(settings_, seed_);
}

}  // namespace lockstep::contract
