// The files of this folder as texts; for timeline.cpp alone. CMake writes page.cpp from
// page.cpp.in.
#pragma once

#include <string_view>

namespace lockstep::scenario {

// Has the places <!--css-->, <!--data--> and <!--js-->, in this order.
extern const std::string_view kPageHtml;
extern const std::string_view kPageCss;
extern const std::string_view kPageJs;

}  // namespace lockstep::scenario
