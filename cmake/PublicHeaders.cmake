# Writes the public headers as they are installed. Run as a script:
#   cmake -DSOURCE=. -DOUT=. -DHEADERS="..." -DUMBRELLA="..." -DFLOORS="..." -P PublicHeaders.cmake
#
# HEADERS and every header of ours that they include, directly or not, go from SOURCE/floor/file.h
# to OUT/lockstep/floor/file.h, where their includes of each other read "lockstep/floor/file.h".
# Nothing else of a file changes. OUT/lockstep/lockstep.h includes each of UMBRELLA. Headers of an
# earlier run that are no longer public are removed; those that are the same keep their time, so
# that nobody recompiles. Ends with OUT/headers.d, which tells the build tool what was read, and
# OUT/headers.stamp.
cmake_minimum_required(VERSION 3.22)

string(REPLACE ";" "|" any_floor "${FLOORS}")
set(own_include "(\n[ \t]*#[ \t]*include[ \t]*\")((${any_floor})/[^\"]+\")")

function(write_if_different path content)
  set(present)
  if(EXISTS "${path}")
    file(READ "${path}" present)
  endif()
  if(NOT "${present}" STREQUAL "${content}")
    file(WRITE "${path}" "${content}")
  endif()
endfunction()

set(waiting ${HEADERS})
set(done)
while(waiting)
  list(POP_FRONT waiting header)
  if(header IN_LIST done)
    continue()
  endif()
  list(APPEND done ${header})

  file(READ ${SOURCE}/${header} content)
  file(STRINGS ${SOURCE}/${header} includes REGEX "^[ \t]*#[ \t]*include[ \t]*\"(${any_floor})/")
  foreach(line IN LISTS includes)
    string(REGEX REPLACE "^[^\"]*\"([^\"]+)\".*" "\\1" included "${line}")
    list(APPEND waiting ${included})
  endforeach()
  string(REGEX REPLACE "${own_include}" "\\1lockstep/\\2" content "${content}")
  write_if_different("${OUT}/lockstep/${header}" "${content}")
endwhile()

list(SORT UMBRELLA)
set(content "// All that a program which captures events needs.\n#pragma once\n\n")
foreach(header IN LISTS UMBRELLA)
  string(APPEND content "#include \"lockstep/${header}\"\n")
endforeach()
write_if_different("${OUT}/lockstep/lockstep.h" "${content}")

foreach(floor IN LISTS FLOORS)
  file(MAKE_DIRECTORY ${OUT}/lockstep/${floor})
endforeach()
file(GLOB_RECURSE present RELATIVE ${OUT}/lockstep ${OUT}/lockstep/*.h)
foreach(header IN LISTS present)
  if(NOT header IN_LIST done AND NOT header STREQUAL "lockstep.h")
    file(REMOVE ${OUT}/lockstep/${header})
  endif()
endforeach()

list(TRANSFORM done PREPEND ${SOURCE}/)
string(REPLACE " " "\\ " done "${done}")
list(JOIN done " \\\n  " read)
file(WRITE ${OUT}/headers.d "${OUT}/headers.stamp: ${read}\n")
file(TOUCH ${OUT}/headers.stamp)
