# lockstep_floor(NAME FLOORS lower... LIBRARIES third-party... SOURCES files...)
#
# One floor of the house as a static library `lockstep_NAME`. Floors see the repository's root as
# their include folder, so every include reads "floor/file.h" and tells at a glance which floor it
# reaches for; tests/tidy checks that it only reaches down. Third-party libraries stay private: no
# header of ours includes one of theirs.
function(lockstep_floor name)
  cmake_parse_arguments(FLOOR "" "" "FLOORS;LIBRARIES;SOURCES" ${ARGN})
  add_library(lockstep_${name} STATIC ${FLOOR_SOURCES})
  target_include_directories(lockstep_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  foreach(lower IN LISTS FLOOR_FLOORS)
    target_link_libraries(lockstep_${name} PUBLIC lockstep_${lower})
  endforeach()
  target_link_libraries(lockstep_${name} PUBLIC Threads::Threads
                        PRIVATE lockstep_flags ${FLOOR_LIBRARIES})
endfunction()
