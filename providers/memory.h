// What a remote provider remembers: for each context what the backend said of its flags, and when.
//
// The rule of this file: an answer belongs to the context that it was given for, ETag included, and
// to no other. Snapshots are values that never change once they are shared.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clock/time.h"
#include "providers/backend.h"

namespace lockstep::providers {

struct KnownFlag {
  RemoteFlag flag;
  Instant at{};  // of the answer
};

struct Snapshot {
  openfeature::EvaluationContext context{};
  std::map<std::string, KnownFlag, std::less<>> flags{};  // by slot
  // What was asked for, by slot: what a refresh asks for again.
  std::map<std::string, openfeature::FlagQuery, std::less<>> asked{};
  // When all flags were told of at once: those that are not in `flags` are not there.
  std::optional<Instant> whole_at{};
  std::string etag{};  // of that answer

  struct Found {
    const RemoteFlag* flag = nullptr;  // nullptr: the backend has said that it is not there
    Instant at{};
  };
  // Nothing: the backend has said nothing about it.
  std::optional<Found> find(std::string_view slot) const;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

// The snapshot after an answer. A flag that the backend could not compute keeps what was known.
SnapshotPtr with_answer(const Snapshot& before, const Ask& ask, Reading&& reading, std::string etag,
                        const Backend& backend, Instant now);
// After the server has said that nothing has changed since.
SnapshotPtr confirmed(const Snapshot& before, Instant now);
// The slots that two snapshots of one context tell differently of.
std::vector<std::string> differences(const Snapshot& before, const Snapshot& after);

// By context, as text. Thread-safe.
class AnswerMemory {
 public:
  explicit AnswerMemory(std::size_t capacity) : capacity_(capacity) {}

  // nullptr: nothing is known. Asking keeps it fresh.
  SnapshotPtr find(const std::string& context);
  // Beyond the capacity, the context that was asked for longest ago is forgotten.
  void put(const std::string& context, SnapshotPtr snapshot);
  std::vector<std::pair<std::string, SnapshotPtr>> all() const;
  std::size_t size() const;
  void clear();

 private:
  using Entry = std::pair<std::string, SnapshotPtr>;
  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::list<Entry> order_;  // freshest first
  std::map<std::string, std::list<Entry>::iterator> entries_;
};

}  // namespace lockstep::providers
