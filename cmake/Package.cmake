# What gets installed: the shared libraries, their public headers, and what finds them.
#
#   component sdk      liblockstep.so          target Lockstep::sdk
#   component harness  liblockstep_harness.so  target Lockstep::harness
#
# Each library is made of the objects of whole floors. Its headers are listed here: what is not in
# the list, and not included by something in the list, is internal and is not installed.
# PublicHeaders.cmake writes them to build/PRESET/include/lockstep with includes that read
# "lockstep/floor/file.h"; targets of this tree that link to Lockstep::sdk compile against those
# too, so they are tried all the time.
include(CMakePackageConfigHelpers)

set(sdk_floors clock http sdk openfeature providers telemetry)
set(sdk_headers
    clock/chance.h clock/clock.h clock/system_clock.h clock/timestamp.h clock/trace.h clock/uuid.h
    clock/virtual_clock.h
    http/handler.h
    openfeature/client.h openfeature/memory_provider.h openfeature/tracking_provider.h
    providers/launchdarkly.h providers/ofrep.h providers/posthog.h providers/static.h
    providers/statsig.h providers/unleash.h
    sdk/client.h sdk/json.h sdk/process_client.h
    sdk/host/manual_host.h sdk/host/sim_host.h sdk/host/thread_host.h
    sdk/transport/curl_transport.h sdk/transport/sim_transport.h
    telemetry/flow.h telemetry/telemetry.h)
# What <lockstep/lockstep.h> includes.
set(sdk_umbrella sdk/client.h sdk/host/manual_host.h sdk/host/sim_host.h sdk/host/thread_host.h
    sdk/options.h sdk/process_client.h)

set(harness_floors mockserver adapter scenarios)
set(harness_headers
    mockserver/http_front.h mockserver/report.h mockserver/server.h
    adapter/adapter.h
    scenarios/load.h scenarios/report.h scenarios/runner.h)

set(headers ${sdk_headers})
if(LOCKSTEP_BUILD_HARNESS)
  list(APPEND headers ${harness_headers})
endif()
set(build_include ${PROJECT_BINARY_DIR}/include)
list(TRANSFORM headers PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE header_inputs)
add_custom_command(
  OUTPUT ${build_include}/headers.stamp
  COMMAND ${CMAKE_COMMAND} "-DSOURCE=${PROJECT_SOURCE_DIR}" "-DOUT=${build_include}"
          "-DHEADERS=${headers}" "-DUMBRELLA=${sdk_umbrella}"
          "-DFLOORS=${sdk_floors};${harness_floors}"
          -P ${CMAKE_CURRENT_LIST_DIR}/PublicHeaders.cmake
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/PublicHeaders.cmake ${header_inputs}
  DEPFILE ${build_include}/headers.d
  COMMENT "Writing the public headers"
  VERBATIM)
add_custom_target(lockstep_headers ALL DEPENDS ${build_include}/headers.stamp)

# lockstep_shared(NAME FILE output-name FLOORS floors... LINK targets...) A shared library of whole
# floors, as Lockstep::NAME, with its headers and pkg-config file, all of them in the install
# component NAME.
function(lockstep_shared name)
  cmake_parse_arguments(SHARED "" "FILE" "FLOORS;LINK" ${ARGN})
  set(target lockstep_shared_${name})
  add_library(${target} SHARED)
  add_library(Lockstep::${name} ALIAS ${target})
  add_dependencies(${target} lockstep_headers)
  foreach(floor IN LISTS SHARED_FLOORS)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:lockstep_${floor}>)
    install(DIRECTORY ${build_include}/lockstep/${floor} COMPONENT ${name}
            DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lockstep)
  endforeach()
  # The archives of the floors bring their third-party libraries. Their objects are all there
  # already, and those of the floors below come from the shared library before them: nothing is
  # taken twice.
  list(TRANSFORM SHARED_FLOORS PREPEND lockstep_ OUTPUT_VARIABLE archives)
  target_link_libraries(${target} PUBLIC Threads::Threads ${SHARED_LINK}
                        PRIVATE lockstep_flags ${archives})
  target_link_options(${target} PRIVATE -Wl,--as-needed)
  if(NOT LOCKSTEP_SANITIZE)
    # A floor that uses what it does not link to fails here, not at its user's.
    target_link_options(${target} PRIVATE -Wl,--no-undefined)
  endif()
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_include_directories(${target} INTERFACE $<BUILD_INTERFACE:${build_include}>
                             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  # While the version is below 1.0 a minor release may break the ABI, so the SONAME names it.
  set_target_properties(${target} PROPERTIES
    LINKER_LANGUAGE CXX OUTPUT_NAME ${SHARED_FILE} EXPORT_NAME ${name} INSTALL_RPATH "$ORIGIN"
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

  install(TARGETS ${target} EXPORT Lockstep_${name}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${name}
                  NAMELINK_COMPONENT ${name})
  install(EXPORT Lockstep_${name} FILE Lockstep_${name}.cmake NAMESPACE Lockstep::
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Lockstep COMPONENT ${name})
  lockstep_pkg_config(${name} ${SHARED_FILE})
endfunction()

# The pkg-config file finds its prefix from its own place, so an installed tree can be moved.
function(lockstep_pkg_config name file)
  file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  set(description "${PROJECT_DESCRIPTION} (${name})")
  set(requires)
  if(NOT name STREQUAL "sdk")
    set(requires lockstep)
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/lockstep.pc.in ${PROJECT_BINARY_DIR}/${file}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${file}.pc COMPONENT ${name}
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

lockstep_shared(sdk FILE lockstep FLOORS ${sdk_floors})
if(LOCKSTEP_BUILD_HARNESS)
  lockstep_shared(harness FILE lockstep_harness FLOORS ${harness_floors} LINK lockstep_shared_sdk)
endif()
install(FILES ${build_include}/lockstep/lockstep.h COMPONENT sdk
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lockstep)

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/LockstepConfig.cmake.in ${PROJECT_BINARY_DIR}/LockstepConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Lockstep
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/LockstepConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/LockstepConfig.cmake
              ${PROJECT_BINARY_DIR}/LockstepConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Lockstep COMPONENT sdk)
