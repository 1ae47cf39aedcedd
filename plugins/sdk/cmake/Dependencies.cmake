# Everything rxrun is built from, found once. Warnings of foreign headers are theirs: they are all SYSTEM.
find_package(Threads REQUIRED)

if(RXRUN_ENGINE)
  # Debian's LibTorch was built without Kineto, and its package warns of that each time.
  set(CMAKE_MESSAGE_LOG_LEVEL ERROR)
  find_package(Torch REQUIRED)
  unset(CMAKE_MESSAGE_LOG_LEVEL)
  message(STATUS "LibTorch of ${TORCH_INSTALL_PREFIX}")
  if(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
    message(FATAL_ERROR "The LibTorch at ${TORCH_INSTALL_PREFIX} was built with the old C++ ABI, and everything else here with the "
      "new one. Take the archive whose name holds cxx11-abi: libtorch-cxx11-abi-shared-with-deps-*.zip.")
  endif()
  include(RxrunTorch)
else()
  # A plugin's manifest names the LibTorch it was built for; this one has no plugin.
  set(TORCH_INCLUDE_DIRS ${CMAKE_BINARY_DIR}/without_libtorch)
  file(CONFIGURE OUTPUT ${TORCH_INCLUDE_DIRS}/torch/version.h CONTENT "#define TORCH_VERSION \"0.0.0\"\n")
endif()

find_package(yaml-cpp REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(ZLIB REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(TIFF REQUIRED)
# libzip (libzip-dev): Debian's own CMake package asks for its command line tools too, so it is looked up by hand.
find_path(RXRUN_ZIP_INCLUDE_DIR zip.h REQUIRED)
find_library(RXRUN_ZIP_LIBRARY zip REQUIRED)
add_library(rxrun_zip INTERFACE)
target_include_directories(rxrun_zip SYSTEM INTERFACE ${RXRUN_ZIP_INCLUDE_DIR})
target_link_libraries(rxrun_zip INTERFACE ${RXRUN_ZIP_LIBRARY})
# libdeflate (libdeflate-dev): Debian 12's has no CMake package.
find_path(RXRUN_DEFLATE_INCLUDE_DIR libdeflate.h REQUIRED)
find_library(RXRUN_DEFLATE_LIBRARY deflate REQUIRED)
add_library(rxrun_deflate INTERFACE)
target_include_directories(rxrun_deflate SYSTEM INTERFACE ${RXRUN_DEFLATE_INCLUDE_DIR})
target_link_libraries(rxrun_deflate INTERFACE ${RXRUN_DEFLATE_LIBRARY})
find_package(Boost 1.74 CONFIG REQUIRED COMPONENTS headers)
