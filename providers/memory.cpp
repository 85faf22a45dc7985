#include "providers/memory.h"

#include <algorithm>

namespace lockstep::providers {

std::optional<Snapshot::Found> Snapshot::find(std::string_view slot) const {
  const auto found = flags.find(slot);
  if (found != flags.end()) return Found{&found->second.flag, found->second.at};
  if (whole_at) return Found{nullptr, *whole_at};
  return std::nullopt;
}

SnapshotPtr with_answer(const Snapshot& before, const Ask& ask, Reading&& reading, std::string etag,
                        const Backend& backend, Instant now) {
  auto after = std::make_shared<Snapshot>(before);
  for (const auto& query : ask.queries) after->asked.insert_or_assign(backend.slot(query), query);
  if (ask.whole) {
    after->flags.clear();
    after->whole_at = now;
    after->etag = std::move(etag);
  }
  for (auto& [slot, flag] : reading.flags) {
    const auto known = before.flags.find(slot);
    const bool keeps = flag.failed && known != before.flags.end() && !known->second.flag.failed;
    // The ETag names what all flags were at once, which with this one changed is no longer known;
    // nor does it name what was known before and stays.
    const bool differs = known == before.flags.end() || known->second.flag != flag;
    if (ask.whole ? keeps : !keeps && differs) after->etag.clear();
    after->flags.insert_or_assign(slot, keeps ? known->second : KnownFlag{std::move(flag), now});
  }
  return after;
}

SnapshotPtr confirmed(const Snapshot& before, Instant now) {
  auto after = std::make_shared<Snapshot>(before);
  for (auto& [slot, known] : after->flags) known.at = now;
  after->whole_at = now;
  return after;
}

std::vector<std::string> differences(const Snapshot& before, const Snapshot& after) {
  std::vector<std::string> slots;
  for (const auto& [slot, known] : after.flags) {
    const auto found = before.flags.find(slot);
    if (found == before.flags.end() || found->second.flag != known.flag) slots.push_back(slot);
  }
  for (const auto& [slot, known] : before.flags) {
    if (!after.flags.contains(slot)) slots.push_back(slot);
  }
  return slots;
}

SnapshotPtr AnswerMemory::find(const std::string& context) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(context);
  if (found == entries_.end()) return nullptr;
  order_.splice(order_.begin(), order_, found->second);
  return found->second->second;
}

void AnswerMemory::put(const std::string& context, SnapshotPtr snapshot) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(context);
  if (found != entries_.end()) {
    found->second->second = std::move(snapshot);
    return;
  }
  order_.emplace_front(context, std::move(snapshot));
  entries_.emplace(context, order_.begin());
  if (entries_.size() <= capacity_) return;
  entries_.erase(order_.back().first);
  order_.pop_back();
}

std::vector<std::pair<std::string, SnapshotPtr>> AnswerMemory::all() const {
  const std::lock_guard lock(mutex_);
  return {order_.begin(), order_.end()};
}

std::size_t AnswerMemory::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void AnswerMemory::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
  order_.clear();
}

}  // namespace lockstep::providers
