// What a flush or a shutdown reports is so: `complete` when all that was captured before it has
// its end, `timed_out` at its deadline and not earlier, and as many delivered, dropped and pending
// as there were.
#include <map>
#include <vector>

#include "scenarios/by_uuid.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

class Reports final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "reports say what is so"; }

  Finding opened(World&, const std::string& client) override {
    for (const Event& event : clients_[client]) places_.erase(event.uuid);
    clients_.erase(client);
    std::erase_if(returned_, [&](const Returned& one) { return one.call.client == client; });
    return std::nullopt;
  }

  Finding captured(World&, const CapturedEvent& event) override {
    if (!event.accepted) return std::nullopt;
    std::vector<Event>& events = clients_[event.client];
    places_[event.uuid] = events.size();
    events.push_back({event.uuid, event.order, kNever, false});
    return std::nullopt;
  }

  Finding ended(World&, const EndedEvent& event) override {
    const auto place = places_.find(event.outcome.uuid);
    if (place == places_.end()) return std::nullopt;
    Event& known = clients_[event.client][place->second];
    known.ended = event.at;
    known.delivered = event.outcome.delivered;
    return std::nullopt;
  }

  Finding returned(World& world, const DrainCall& call) override {
    if (call.report) returned_.push_back({call, world.clock().now()});
    return std::nullopt;
  }

  // Of what ended with it the client may tell a little later, but at the same instant.
  Finding turned(World& world) override {
    const Instant now = world.clock().now();
    while (!returned_.empty() && returned_.front().at < now) {
      const Returned one = std::move(returned_.front());
      returned_.erase(returned_.begin());
      if (Finding wrong = judge(one)) return wrong;
    }
    return std::nullopt;
  }

 private:
  struct Event {
    Uuid uuid;
    std::uint64_t order = 0;
    Instant ended = kNever;
    bool delivered = false;
  };
  struct Returned {
    DrainCall call;
    Instant at{};
  };
  // How many there are. Whether the report counts what ended at the instant of the call, or at that
  // of the return, nobody but the client can tell.
  struct Count {
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    void add(bool is_certain) {
      ++most;
      least += is_certain ? 1 : 0;
    }
    bool holds(std::uint64_t number) const { return number >= least && number <= most; }
  };

  Finding judge(const Returned& one) {
    const FlushReport& report = *one.call.report;
    if (report.status == FlushStatus::closed || report.status == FlushStatus::deferred) {
      return std::nullopt;
    }
    const bool is_complete = report.status == FlushStatus::complete;
    if (!is_complete && !one.call.is_shutdown && one.at < one.call.deadline) {
      return wrong(one, "it not to time out before " + to_text(one.call.deadline));
    }
    Count delivered;
    Count dropped;
    Count pending;
    for (const Event& event : clients_[one.call.client]) {
      if (event.order > one.call.upto || event.ended < one.call.started) continue;
      if (is_complete && event.ended > one.at) {
        return wrong(one, "it to be complete no sooner than " + event.uuid.to_string() + " ends");
      }
      const bool is_at_an_edge = event.ended == one.call.started || event.ended == one.at;
      if (event.ended <= one.at) (event.delivered ? delivered : dropped).add(!is_at_an_edge);
      if (event.ended >= one.at) pending.add(event.ended > one.at);
    }
    if (!delivered.holds(report.delivered)) return wrong(one, text(delivered, "delivered"));
    if (!dropped.holds(report.dropped)) return wrong(one, text(dropped, "dropped"));
    if (!pending.holds(report.pending)) return wrong(one, text(pending, "pending"));
    return std::nullopt;
  }

  static std::string text(const Count& count, const char* what) {
    return "from " + std::to_string(count.least) + " to " + std::to_string(count.most) + ' ' + what;
  }

  static Failure wrong(const Returned& one, std::string expected) {
    const FlushReport& report = *one.call.report;
    return {std::move(expected) + ", of the " + (one.call.is_shutdown ? "shutdown" : "flush") +
                " of " + one.call.client + " at " + to_text(one.call.started),
            std::string(to_string(report.status)) + " at " + to_text(one.at) + ", " +
                std::to_string(report.delivered) + " delivered, " + std::to_string(report.dropped) +
                " dropped, " + std::to_string(report.pending) + " pending"};
  }

  std::map<std::string, std::vector<Event>> clients_;  // what they accepted, in order
  ByUuid<std::size_t> places_;
  std::vector<Returned> returned_;  // that are not judged yet
};

}  // namespace

std::unique_ptr<Oracle> make_reports_oracle() { return std::make_unique<Reports>(); }

}  // namespace lockstep::scenario
