// The part of a world that flag providers are, and what its oracles are told of flags and tracking.
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "scenarios/world.h"

namespace lockstep::scenario {

openfeature::Provider& World::provider(const std::string& name) {
  const auto found = flags_.find(name);
  if (found == flags_.end()) {
    throw std::runtime_error("the flag provider \"" + name + "\" does not exist");
  }
  return *found->second.provider;
}

const openfeature::Client& World::flags(const std::string& name) {
  provider(name);
  return flags_.at(name).client;
}

void World::open_flags(const std::string& name, std::shared_ptr<openfeature::Provider> provider,
                       FlagLimits limits) {
  flags_.erase(name);
  tell([&](Oracle& oracle) { return oracle.opened(*this, name); });
  openfeature::Client client(provider);
  flags_.emplace(name, Flags{std::move(provider), std::move(client), std::move(limits), {}});
}

void World::write_flag_file(const std::string& name, std::string text, bool is_broken) {
  FlagFile& file = flag_files_[name];
  if (is_broken) {
    file.broken = std::move(text);
  } else {
    file = {std::move(text), server_.flags(name), std::nullopt};
  }
  tell([&](Oracle& oracle) { return oracle.written(*this, name, file.book, is_broken); });
}

const std::string& World::flag_file(const std::string& name) const {
  const FlagFile& file = flag_files_.at(name);
  return file.broken ? *file.broken : file.text;
}

void World::mend_flag_files() {
  for (auto& entry : flag_files_) {
    FlagFile& file = entry.second;
    if (!std::exchange(file.broken, std::nullopt)) continue;
    tell([&](Oracle& oracle) { return oracle.written(*this, entry.first, file.book, false); });
  }
}

const FlagLimits* World::flag_limits(const std::string& name) const {
  const auto found = flags_.find(name);
  return found == flags_.end() ? nullptr : &found->second.limits;
}

void World::evaluated(const std::string& provider, const Step& step, const FlagAnswer& answer) {
  const std::string question = answer.key + answer.fallback.dump() + answer.context;
  flags_.at(provider).asked.try_emplace(question, step);
  tell([&](Oracle& oracle) { return oracle.evaluated(*this, answer); });
}

void World::meant(const Uuid& uuid, Lane lane) {
  tell([&](Oracle& oracle) { return oracle.meant(*this, uuid, lane); });
}

void World::tracked(const TrackedEvent& event) {
  tell([&](Oracle& oracle) { return oracle.tracked(*this, event); });
}

std::vector<Step> World::flag_questions(const std::string& provider) const {
  std::vector<Step> steps;
  const auto found = flags_.find(provider);
  if (found == flags_.end()) return steps;
  for (const auto& [question, step] : found->second.asked) steps.push_back(step);
  return steps;
}

}  // namespace lockstep::scenario
