#include "sdk/exception.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <typeinfo>
#include <utility>
#include <vector>

#include "sdk/exception_types.h"
#include "sdk/json/writer.h"

namespace lockstep {

namespace {

constexpr std::size_t kMostListed = 50;

// One entry of $exception_list.
struct Listed {
  std::string type;
  std::string value;
  bool synthetic = false;  // made up from something that is no exception
};

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> demangled(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  std::string name = status == 0 ? demangled.get() : type.name();
  // What std::throw_with_nested() throws is a type of the library's around the one that was meant.
  for (const std::string_view wrapper : {"std::_Nested_exception<", "std::__1::__nested<"}) {
    if (!name.starts_with(wrapper) || !name.ends_with('>')) continue;
    name = name.substr(wrapper.size(), name.size() - wrapper.size() - 1);
  }
  return name;
}

std::exception_ptr wrapped_by(const std::exception& error) {
  const auto* nested = dynamic_cast<const std::nested_exception*>(&error);
  return nested == nullptr ? nullptr : nested->nested_ptr();
}

Listed describe(const std::exception& error) { return {type_name(typeid(error)), error.what()}; }

// Of the exception that is being handled, which is no std::exception.
Listed describe_other(std::string value) {
  const std::type_info* type = abi::__cxa_current_exception_type();
  return {type == nullptr ? "unknown" : type_name(*type), std::move(value), true};
}

// Lists the exception; returns the one it wraps, null where it wraps none.
std::exception_ptr list_one(const std::exception_ptr& error, std::vector<Listed>& list) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& caught) {
    list.push_back(describe(caught));
    return wrapped_by(caught);
  } catch (const std::nested_exception& caught) {
    list.push_back(describe_other({}));
    return caught.nested_ptr();
  } catch (const std::string& text) {
    list.push_back(describe_other(text));
  } catch (const char* text) {
    list.push_back(describe_other(text == nullptr ? "" : text));
  } catch (...) {
    list.push_back(describe_other({}));
  }
  return nullptr;
}

void list_all(std::exception_ptr error, std::vector<Listed>& list) {
  while (error != nullptr && list.size() < kMostListed) error = list_one(error, list);
}

void write_mechanism(const Listed& listed, std::size_t id, bool handled, JsonWriter& out) {
  out.raw(R"({"type":)");
  if (id == 0) {
    out.raw(R"("generic","handled":)");
    out.value(handled);
  } else {
    // Whether the inner ones were ever handled nobody knows.
    out.raw(R"("chained","source":"cause","parent_id":)");
    out.natural(id - 1);
  }
  out.raw(R"(,"synthetic":)");
  out.value(listed.synthetic);
  out.raw(R"(,"exception_id":)");
  out.natural(id);
  out.raw('}');
}

void write_list(const std::vector<Listed>& list, bool handled, JsonWriter& out) {
  out.raw('[');
  for (std::size_t id = 0; id < list.size(); ++id) {
    if (id > 0) out.raw(',');
    out.raw(R"({"type":)");
    out.string(list[id].type);
    out.raw(R"(,"value":)");
    out.string(list[id].value);
    out.raw(R"(,"mechanism":)");
    write_mechanism(list[id], id, handled, out);
    out.raw('}');
  }
  out.raw(']');
}

bool is_reserved(std::string_view property) {
  return property.starts_with("$exception_") || property == "$debug_images";
}

Event event_of(const std::vector<Listed>& list, const ExceptionOptions& options) {
  Event event;
  if (list.empty()) return event;
  event.name = "$exception";
  JsonWriter json;
  write_list(list, options.handled, json);
  event.properties.set("$exception_list", Json{json.text()});
  event.properties.set("$exception_type", list.front().type);
  event.properties.set("$exception_message", list.front().value);
  event.properties.set("$exception_level", to_string(options.level));
  if (!options.fingerprint.empty()) {
    event.properties.set("$exception_fingerprint", options.fingerprint);
  }
  for (std::size_t i = 0; i < options.properties.size(); ++i) {
    const auto [name, value] = options.properties.at(i);
    if (!is_reserved(name)) event.properties.set(name, Json{value});
  }
  return event;
}

}  // namespace

std::string_view to_string(ExceptionLevel level) noexcept {
  switch (level) {
    case ExceptionLevel::fatal:
      return "fatal";
    case ExceptionLevel::error:
      return "error";
    case ExceptionLevel::warning:
      return "warning";
    case ExceptionLevel::log:
      return "log";
    case ExceptionLevel::info:
      return "info";
    case ExceptionLevel::debug:
      return "debug";
  }
  return "error";
}

Event exception_event(const std::exception& error, const ExceptionOptions& options) {
  std::vector<Listed> list{describe(error)};
  list_all(wrapped_by(error), list);
  return event_of(list, options);
}

Event exception_event(const std::exception_ptr& error, const ExceptionOptions& options) {
  std::vector<Listed> list;
  list_all(error, list);
  return event_of(list, options);
}

std::vector<std::string> exception_types(const std::exception_ptr& error) {
  std::vector<Listed> list;
  list_all(error, list);
  std::vector<std::string> types;
  types.reserve(list.size());
  for (Listed& listed : list) types.push_back(std::move(listed.type));
  return types;
}

}  // namespace lockstep
