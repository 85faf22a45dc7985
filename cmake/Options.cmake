# What can be switched, and how everything of ours is compiled.
option(LOCKSTEP_BUILD_HARNESS "Build what is above the SDK: mock server, adapter, scenarios, tool"
       ${PROJECT_IS_TOP_LEVEL})
option(LOCKSTEP_BUILD_TOOL "Build the tool, which is part of the harness" ON)
option(LOCKSTEP_BUILD_TESTS "Build the tests, which need the harness" ${PROJECT_IS_TOP_LEVEL})
option(LOCKSTEP_BUILD_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(LOCKSTEP_BUILD_BENCH "Build the benchmarks" OFF)
option(LOCKSTEP_WERROR "Treat warnings as errors" ${PROJECT_IS_TOP_LEVEL})
set(LOCKSTEP_SANITIZE "" CACHE STRING "Sanitizers for everything of ours, e.g. address,undefined")
set(with_python ${LOCKSTEP_BUILD_TESTS})
if(LOCKSTEP_SANITIZE MATCHES thread)
  set(with_python OFF)  # its runtime cannot be added to an interpreter that was built without
endif()
option(LOCKSTEP_BUILD_PYTHON "Build the Python package, which needs the harness" ${with_python})

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Two clones of one commit share what was compiled: paths below the root count as relative ones.
find_program(LOCKSTEP_CCACHE ccache)
if(LOCKSTEP_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
                                  ${LOCKSTEP_CCACHE})
endif()

add_library(lockstep_flags INTERFACE)
target_compile_options(lockstep_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                       -Woverloaded-virtual -Wconversion -Wno-sign-conversion
                       # gcc 12's optimiser sees overlaps in string concatenation that are not there
                       # (its bug 105329).
                       $<$<AND:$<CXX_COMPILER_ID:GNU>,$<NOT:$<CONFIG:Debug>>>:-Wno-restrict>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Nobody replaces a function of ours at load time: gcc may inline them in position independent
  # code, as clang does without being told.
  target_compile_options(lockstep_flags INTERFACE -fno-semantic-interposition)
endif()
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Where files are compiled in groups, gcc takes them for headers.
  target_compile_options(lockstep_flags INTERFACE -Wno-subobject-linkage)
endif()
if(LOCKSTEP_WERROR)
  target_compile_options(lockstep_flags INTERFACE -Werror)
endif()
if(LOCKSTEP_SANITIZE)
  target_compile_options(lockstep_flags INTERFACE -fsanitize=${LOCKSTEP_SANITIZE}
                         -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(lockstep_flags INTERFACE -fsanitize=${LOCKSTEP_SANITIZE})
endif()
