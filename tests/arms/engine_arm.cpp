// The bare engine: admitted, advanced and answered by hand, the server called as a function. What
// this file does is what Client, host and SimTransport together come to, written a second time
// without them.

#include <algorithm>
#include <optional>
#include <utility>

#include "clock/uuid.h"
#include "clock/virtual_clock.h"
#include "sdk/engine/engine.h"
#include "sdk/protocol/protocol.h"
#include "tests/arms/arm.h"

namespace lockstep {

namespace {

constexpr Duration kLatency = std::chrono::milliseconds{1};  // each way, as SimTransport has it
constexpr std::uint64_t kFirstClient = 1;                    // the id a host gives its first client

Options with_host(Options options) {
  options.host = "http://ingestion.test";
  return options;
}

// What a fault comes to at the client; nothing for an answer that arrives, and for silence.
std::optional<http::TransportErrorKind> error_of(http::Fault fault) {
  switch (fault) {
    case http::Fault::reset_before:
    case http::Fault::reset_after:
      return http::TransportErrorKind::reset;
    case http::Fault::truncate_body:
      return http::TransportErrorKind::truncated;
    case http::Fault::garbage:
      return http::TransportErrorKind::malformed;
    default:
      return std::nullopt;
  }
}

class EngineArm final : public Arm {
 public:
  explicit EngineArm(Options options)
      : options_(with_host(std::move(options))),
        chance_(1),
        engine_(engine::config_from(options_, kFirstClient), chance_),
        analytics_(make_protocol(options_.capture, protocol_config(options_))),
        ai_(make_posthog_ai(protocol_config(options_))) {}

  std::string_view name() const override { return "engine"; }
  mock::Server& server() override { return server_; }

  void begin_flush() override {
    engine::Effects effects;
    static_cast<void>(engine_.flush(now(), saturating_add(at_, kFlushTimeout), effects));
    carry_out(effects);
  }
  void wait_for_requests(std::size_t count) override {
    run([&] { return server_.request_count() >= count; });
  }

 private:
  using Due = std::pair<Instant, std::uint64_t>;
  struct Flight {
    engine::Send send;
    http::Request request;
    std::optional<http::Result> result;  // nothing: still on its way to the server
  };

  Now now() const { return {at_, saturating_add(VirtualClock::kDefaultStart, at_ - Instant{})}; }
  const Protocol& protocol(Lane lane) const { return lane == Lane::ai ? *ai_ : *analytics_; }

  CaptureResult do_capture(const std::string& name, Lane lane) override {
    const Uuid uuid = make_uuid_v7(now().wall, ++captured_);
    const Properties none;
    JsonWriter json;
    const std::size_t uuid_at =
        protocol(lane).render({name, "user", uuid, now().wall, none, nullptr}, json);
    engine::Effects effects;
    const engine::Admitted admitted =
        engine_.admit(engine::EventRef(json.text(), uuid_at, lane), now(), effects);
    carry_out(effects);
    return {admitted.admission, admitted.reason,
            admitted.admission == Admission::closed ? Uuid{} : uuid};
  }

  FlushReport do_flush(Duration timeout) override {
    engine::Effects effects;
    const engine::Ticket ticket = engine_.flush(now(), saturating_add(at_, timeout), effects);
    return finish(ticket, effects);
  }
  FlushReport do_shutdown(Duration timeout) override {
    engine::Effects effects;
    const engine::Ticket ticket = engine_.shutdown(now(), saturating_add(at_, timeout), effects);
    return finish(ticket, effects);
  }
  FlushReport finish(engine::Ticket ticket, engine::Effects& effects) {
    carry_out(effects);
    run([&] { return engine_.report(ticket)->second; });
    return engine_.report(ticket)->first;
  }
  Stats stats() override {
    Stats stats;
    stats.lanes = engine_.ledger();
    return stats;
  }

  // Goes from one instant at which something is due to the next.
  template <typename Done>
  void run(const Done& done) {
    while (!done()) {
      const Instant wake = engine_.next_wake(at_);
      at_ = std::max(at_, due_.empty() ? wake : std::min(wake, due_.begin()->first.first));
      while (!due_.empty() && due_.begin()->first.first <= at_) take_step();
      engine::Effects effects;
      engine_.advance(now(), effects);
      carry_out(effects);
    }
  }

  void carry_out(engine::Effects& effects) {
    for (const engine::RequestNumber request : effects.cancels) {
      const auto found = flights_.find(request);
      if (found == flights_.end()) continue;
      note(end_of(*found->second.send.batch, 0, "cancelled"));
      flights_.erase(found);
    }
    for (engine::Send& send : effects.sends) {
      http::Request request = protocol(send.batch->lane).encode({*send.batch, Uuid{}, now()});
      if (options_.compression != Compression::none) {
        request.body = compressor_.compress(options_.compression, request.body);
        request.headers.set("Content-Encoding",
                            std::string(content_encoding(options_.compression)));
      }
      const engine::RequestNumber number = send.request;
      flights_[number] = {std::move(send), std::move(request), std::nullopt};
      due_.emplace(Due{saturating_add(at_, kLatency), ++scheduled_}, number);
    }
    for (const engine::Ended& ended : effects.ended) {
      note(Outcome{ended.event.uuid(), ended.event.lane(), ended.delivered, ended.unconfirmed,
                   ended.reason, ended.attempts, ended.status, ended.detail});
    }
  }

  // The first thing that is due: a request reaches the server, or its result the client.
  void take_step() {
    const auto found = flights_.find(due_.begin()->second);
    due_.erase(due_.begin());
    if (found == flights_.end()) return;
    Flight& flight = found->second;
    if (!flight.result) {
      arrive(flight);
      return;
    }
    const Flight landed = std::move(flight);
    flights_.erase(found);
    land(landed);
  }

  void arrive(Flight& flight) {
    const http::Reply reply = server_.handle(flight.request, now());
    Instant back = saturating_add(saturating_add(at_, reply.delay), kLatency);
    if (reply.fault == http::Fault::no_answer) {
      back = flight.send.deadline;
      flight.result = http::TransportError{http::TransportErrorKind::timeout, {}};
    } else if (const auto kind = error_of(reply.fault)) {
      flight.result = http::TransportError{*kind, {}};
    } else {
      flight.result = reply.response;
    }
    due_.emplace(Due{back, ++scheduled_}, flight.send.request);
  }

  static RequestEnd end_of(const engine::Batch& batch, int status, std::string_view error) {
    RequestEnd end{batch.lane, batch.attempt, status, std::string(error), {}};
    for (const engine::EventRef& event : batch.events) end.uuids.push_back(event.uuid());
    return end;
  }

  void land(const Flight& flight) {
    const engine::Batch& batch = *flight.send.batch;
    engine::Verdict verdict;
    if (const auto* response = std::get_if<http::Response>(&*flight.result)) {
      verdict = protocol(batch.lane).interpret(batch, *response, now().wall);
      note(end_of(batch, response->status, {}));
    } else {
      const auto& error = std::get<http::TransportError>(*flight.result);
      verdict = transport_verdict(error);
      note(end_of(batch, 0, http::to_string(error.kind)));
    }
    engine::Effects effects;
    engine_.completed(flight.send.request, std::move(verdict), now(), effects);
    carry_out(effects);
  }

  const Options options_;
  mock::Server server_;
  Chance chance_;
  engine::Engine engine_;
  std::unique_ptr<Protocol> analytics_;
  std::unique_ptr<Protocol> ai_;
  Compressor compressor_;
  Instant at_{};
  std::uint64_t captured_ = 0;
  std::uint64_t scheduled_ = 0;
  std::map<engine::RequestNumber, Flight> flights_;
  std::map<Due, engine::RequestNumber> due_;
};

}  // namespace

std::unique_ptr<Arm> make_engine_arm(Options options) {
  return std::make_unique<EngineArm>(std::move(options));
}

}  // namespace lockstep
