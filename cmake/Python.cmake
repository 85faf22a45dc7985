# Debian's pytest belongs to its own interpreter, which need not be the first in the PATH.
foreach(python /usr/bin/python3 python3)
  execute_process(COMMAND ${python} -m pytest --version
                  RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
  if(status EQUAL 0)
    set(LOCKSTEP_PYTHON ${python})
    break()
  endif()
endforeach()
if(NOT LOCKSTEP_PYTHON)
  message(FATAL_ERROR "No python3 with pytest (Debian: python3-pytest)")
endif()
