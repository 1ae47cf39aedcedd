# rxrun_add_plugin(name sources...): a plugin library that `rxrun` finds and checks. The same file serves the plugins that
# rxrun ships and those of others.
#
# The target `name` is the library lib<name>.so. Beside the usual, the build
# - exports nothing but the plugin's entry, so that two plugins never see each other's symbols;
# - gives the library a build id, which is part of the identity of every run that uses it;
# - loads it once (rxrun-plugin-describe) and puts its table of layers into the section .rxrun.layers, so that rxrun reads
#   the table without running the plugin's code. A plugin that cannot be loaded or declares nonsense fails its build here.
include(GNUInstallDirs)
find_program(CMAKE_OBJCOPY NAMES objcopy REQUIRED)

function(rxrun_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE rxrun::sdk)
  if(COMMAND rxrun_use_torch_pch)
    rxrun_use_torch_pch(${name})
  endif()
  target_link_options(${name} PRIVATE -Wl,--build-id=sha1
    -Wl,--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin-symbols.map)
  set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin-symbols.map)
  if(RXRUN_PLUGIN_OUTPUT_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${RXRUN_PLUGIN_OUTPUT_DIRECTORY})
  endif()
  set_target_properties(${name} PROPERTIES PREFIX lib INSTALL_RPATH "$ORIGIN/../.." INSTALL_RPATH_USE_LINK_PATH ON)
  add_dependencies(${name} rxrun::plugin-describe)
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -D LIBRARY=$<TARGET_FILE:${name}> -D TABLE=${CMAKE_CURRENT_BINARY_DIR}/${name}.layers.json
            -D DESCRIBE=$<TARGET_FILE:rxrun::plugin-describe> -D OBJCOPY=${CMAKE_OBJCOPY}
            -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/EmbedLayers.cmake
    BYPRODUCTS ${CMAKE_CURRENT_BINARY_DIR}/${name}.layers.json
    COMMENT "Describing the layers of plugin ${name}" VERBATIM)
  if(NOT DEFINED RXRUN_INSTALL_PLUGINS OR RXRUN_INSTALL_PLUGINS)
    install(TARGETS ${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/rxrun/plugins)
  endif()
endfunction()
