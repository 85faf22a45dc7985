# The third-party libraries of the SDK, as pkg-config knows them: LOCKSTEP_SDK_LIBRARIES.
find_package(PkgConfig REQUIRED)

# lockstep_find_library(MODULE DEBIAN-PACKAGE) Looks up PkgConfig::MODULE, which may ask
# for a version.
function(lockstep_find_library module package)
  string(REGEX REPLACE "[<>=].*" "" name ${module})
  pkg_check_modules(${name} QUIET IMPORTED_TARGET GLOBAL ${module})
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "pkg-config finds no ${module} (Debian: ${package})")
  endif()
  set(LOCKSTEP_SDK_LIBRARIES ${LOCKSTEP_SDK_LIBRARIES} PkgConfig::${name} PARENT_SCOPE)
endfunction()

set(LOCKSTEP_SDK_LIBRARIES)
lockstep_find_library(libcurl>=7.87 libcurl4-openssl-dev)  # CURLOPT_QUICK_EXIT
lockstep_find_library(libdeflate libdeflate-dev)
lockstep_find_library(libbrotlienc libbrotli-dev)
lockstep_find_library(libzstd libzstd-dev)
