# LibTorch as one target whose headers count as system headers, with or without CUDA.
if(NOT TARGET rxrun_torch)
  add_library(rxrun_torch INTERFACE)
  target_link_libraries(rxrun_torch INTERFACE ${TORCH_LIBRARIES})
  target_include_directories(rxrun_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  separate_arguments(RXRUN_TORCH_FLAGS UNIX_COMMAND "${TORCH_CXX_FLAGS}")
  target_compile_options(rxrun_torch INTERFACE ${RXRUN_TORCH_FLAGS})
endif()
