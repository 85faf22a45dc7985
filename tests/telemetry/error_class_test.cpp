// An error's class: types only, the first that says something.
#include "telemetry/error_class.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>

namespace lockstep::telemetry {
namespace {

struct NoSuchIndex : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::exception_ptr thrown(const std::function<void()>& body) {
  try {
    body();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

template <typename Outer>
std::exception_ptr around(const std::exception_ptr& inner) {
  return thrown([&] {
    try {
      std::rethrow_exception(inner);
    } catch (...) {
      std::throw_with_nested(Outer("while browsing /home/anna"));
    }
  });
}

TEST(ErrorClass, IsTheTypeAndNeverTheMessage) {
  const std::string own = error_class(std::make_exception_ptr(NoSuchIndex("anna's index")));
  EXPECT_NE(own.find("NoSuchIndex"), std::string::npos);
  EXPECT_EQ(own.find("anna"), std::string::npos);
  EXPECT_EQ(error_class(std::make_exception_ptr(std::out_of_range("x"))), "std::out_of_range");
  EXPECT_EQ(error_class(nullptr), "");
}

TEST(ErrorClass, GeneralTypesAreWrappersWhereTheyWrapSomething) {
  const auto inner = std::make_exception_ptr(std::out_of_range("x"));
  EXPECT_EQ(error_class(around<std::runtime_error>(inner)), "std::out_of_range");
  EXPECT_EQ(error_class(around<std::logic_error>(around<std::runtime_error>(inner))),
            "std::out_of_range");
  EXPECT_EQ(error_class(around<std::invalid_argument>(inner)), "std::invalid_argument")
      << "the first informative one";
  EXPECT_EQ(error_class(std::make_exception_ptr(std::runtime_error("x"))), "std::runtime_error")
      << "the last one, where none says more";
}

TEST(ErrorClass, WhatIsNoExceptionHasATypeToo) {
  EXPECT_EQ(error_class(std::make_exception_ptr(7)), "int");
}

}  // namespace
}  // namespace lockstep::telemetry
