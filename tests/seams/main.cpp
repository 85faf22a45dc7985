// Boost.Test's main, and what makes a broken expectation of a mock a failure of the running case.

#define BOOST_TEST_MODULE seams
#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>

#include "tests/seams/mocks.h"

namespace {

// Recorded before it is thrown: a violation inside a callback is caught by the SDK, as everything a
// callback throws, and must fail the case all the same.
void report(trompeloeil::severity severity, const char* file, unsigned long line,
            const std::string& what) {
  BOOST_ERROR(std::string(file) + ":" + std::to_string(line) + ": " + what);
  if (severity == trompeloeil::severity::fatal) throw std::logic_error(what);
}

struct MocksReportToBoost {
  MocksReportToBoost() { trompeloeil::set_reporter(report); }
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(MocksReportToBoost);
