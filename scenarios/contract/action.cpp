#include "scenarios/contract/action.h"

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "mockserver/json_text.h"
#include "scenarios/contract/look.h"

namespace lockstep::contract {

using nlohmann::json;

namespace {

using SharedJson = std::shared_ptr<const json>;

// The original looks at the keys of an array's first element before it takes it for events.
bool is_event_array(const json& body) {
  return body.is_array() && (body.empty() || body.front().is_object());
}

// What lies inside the body is not copied; it keeps the body alive.
SharedJson find_events(const SharedJson& body) {
  if (body == nullptr) return nullptr;
  if (is_event_array(*body)) return body;
  if (!body->is_object()) return nullptr;
  if (const auto batch = body->find("batch"); batch != body->end()) {
    return batch->is_array() ? SharedJson(body, &*batch) : nullptr;
  }
  if (const auto data = body->find("data"); data != body->end() && data->is_array()) {
    return SharedJson(body, &*data);
  }
  return std::make_shared<const json>(json::array_t{*body});
}

Recorded record(mock::JournalEntry entry) {
  Recorded recorded;
  if (!entry.decode_error && !entry.body_cut) recorded.body = mock::read_json(entry.body).value;
  recorded.events = find_events(recorded.body);
  if (!entry.body_filled_in) recorded.answer = mock::read_json(entry.response_body).value;
  recorded.entry = std::move(entry);
  return recorded;
}

}  // namespace

Context::Context(Stage& stage)
    : stage_(stage), answer_(std::make_unique<json>()), result_(std::make_unique<json>()) {}

Context::~Context() = default;

const std::vector<Recorded>& Context::requests() {
  auto entries = stage_.server().journal(stage_.test_id());
  // Numbers are never used twice, so what was read before need not be read again.
  std::size_t known = 0;
  while (known < std::min(entries.size(), requests_.size()) &&
         entries[known].number == requests_[known].entry.number) {
    ++known;
  }
  requests_.resize(known);
  for (std::size_t i = known; i < entries.size(); ++i) {
    requests_.push_back(record(std::move(entries[i])));
  }
  return requests_;
}

Finding Context::call(std::string_view method, std::string_view path,
                      const std::optional<std::string>& body) {
  const Answer answer = stage_.call(method, path, body);
  const std::string what = std::string(method) + " " + std::string(path);
  if (!answer.problem.empty()) return Failure{what + " to be answered", answer.problem};
  if (answer.status >= 400) {
    return Failure{what + " to be answered with a status below 400",
                   std::to_string(answer.status) + " " + shown(json(answer.body))};
  }
  const auto read = mock::read_json(answer.body);
  if (read.value == nullptr) {
    return Failure{what + " to be answered with JSON", shown(json(answer.body))};
  }
  *answer_ = *read.value;
  return std::nullopt;
}

void Context::keep_answer_as_result() { *result_ = *answer_; }

void Context::forget_result() { *result_ = nullptr; }

std::vector<const Action*> all_actions() {
  std::vector<const Action*> all;
  for (const auto table : {deeds(), request_checks(), event_checks(), retry_checks(),
                           response_checks(), flag_checks()}) {
    for (const Action& action : table) all.push_back(&action);
  }
  return all;
}

const Action* find_action(std::string_view name) {
  static const std::map<std::string_view, const Action*> by_name = [] {
    std::map<std::string_view, const Action*> index;
    for (const Action* action : all_actions()) index.emplace(action->name, action);
    return index;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

}  // namespace lockstep::contract
