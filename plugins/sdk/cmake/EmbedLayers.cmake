# Run after a plugin is linked: its table of layers goes into the library itself. A library that cannot be described is
# removed, so that the next build does not take it for done.
execute_process(COMMAND ${DESCRIBE} ${LIBRARY} OUTPUT_FILE ${TABLE} ERROR_VARIABLE message RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  file(REMOVE ${LIBRARY} ${TABLE})
  string(STRIP "${message}" message)
  message(NOTICE "error: ${message}") # not wrapped, as FATAL_ERROR's text would be
  message(FATAL_ERROR "The plugin is not usable (rxrun-plugin-describe: ${result}); the reason stands above.")
endif()
execute_process(
  COMMAND ${OBJCOPY} --add-section .rxrun.layers=${TABLE} --set-section-flags .rxrun.layers=noload,readonly ${LIBRARY}
  ERROR_VARIABLE message RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  file(REMOVE ${LIBRARY})
  message(FATAL_ERROR "${OBJCOPY} cannot add the table of layers to ${LIBRARY}: ${message}")
endif()
