# Everything rxrun is built from, found once. Warnings of foreign headers are theirs: they are all SYSTEM.
find_package(Threads REQUIRED)

# Debian's LibTorch was built without Kineto, and its package warns of that each time.
set(CMAKE_MESSAGE_LOG_LEVEL ERROR)
find_package(Torch REQUIRED)
unset(CMAKE_MESSAGE_LOG_LEVEL)
message(STATUS "LibTorch of ${TORCH_INSTALL_PREFIX}")
if(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
  message(FATAL_ERROR "The LibTorch at ${TORCH_INSTALL_PREFIX} was built with the old C++ ABI, and everything else here with the "
    "new one. Take the archive whose name holds cxx11-abi: libtorch-cxx11-abi-shared-with-deps-*.zip.")
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
find_package(Boost 1.74 CONFIG REQUIRED COMPONENTS filesystem)

include(RxrunTorch)
