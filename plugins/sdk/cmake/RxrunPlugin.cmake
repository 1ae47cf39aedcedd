# rxrun_add_plugin(name sources...): a plugin library that `rxrun` finds and checks.
function(rxrun_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE rxrun_sdk)
  rxrun_use_torch_pch(${name})
  set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${RXRUN_PLUGIN_OUTPUT_DIRECTORY})
endfunction()
