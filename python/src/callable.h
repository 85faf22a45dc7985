// A Python callable that native code may call, and let go of, on any thread.
#pragma once

#include <atomic>
#include <exception>
#include <memory>

#include "pybind.h"

namespace lockstep::python {

// Once the interpreter ends, no thread but its own may ask for the GIL: it would never return.
// Set by the package's atexit function, after the clients were drained.
inline std::atomic<bool> interpreter_ends{false};

class Callable {
 public:
  explicit Callable(py::object object) : object_(std::move(object)) {}
  Callable(const Callable&) = delete;
  Callable& operator=(const Callable&) = delete;
  ~Callable() {
    if (interpreter_ends || Py_IsInitialized() == 0) {
      object_.release();
      return;
    }
    const py::gil_scoped_acquire gil;
    object_ = py::object();
  }

  // With the GIL held.
  const py::object& object() const noexcept { return object_; }

  // Calls it with what `arguments`, called with the GIL held, returns; hands the answer to `then`,
  // likewise. The callables given to this module catch what they raise (lockstep/_callables.py);
  // what escapes all the same is printed, because no caller could hear of it.
  template <typename Arguments, typename Then>
  void call(Arguments arguments, Then then) const {
    if (interpreter_ends) return;
    const py::gil_scoped_acquire gil;
    try {
      then(object_(*arguments()));
    } catch (py::error_already_set& error) {
      error.discard_as_unraisable("a callable of lockstep");
    } catch (const std::exception& problem) {
      PyErr_SetString(PyExc_RuntimeError, problem.what());
      PyErr_WriteUnraisable(object_.ptr());
    }
  }

 private:
  py::object object_;
};

using CallablePtr = std::shared_ptr<const Callable>;

// nullptr for None.
inline CallablePtr callable_from(const py::object& object) {
  return object.is_none() ? nullptr : std::make_shared<const Callable>(object);
}

}  // namespace lockstep::python
