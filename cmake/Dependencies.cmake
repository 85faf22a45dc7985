# The third-party libraries of the SDK, as pkg-config knows them.
find_package(PkgConfig REQUIRED)
foreach(module libcurl libdeflate libbrotlienc libzstd)
  pkg_check_modules(${module} REQUIRED IMPORTED_TARGET GLOBAL ${module})
endforeach()
set(LOCKSTEP_SDK_LIBRARIES PkgConfig::libcurl PkgConfig::libdeflate PkgConfig::libbrotlienc
    PkgConfig::libzstd)
