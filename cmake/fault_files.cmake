# The files with fault points, found by their content when CMake configures: wabot-faults compiles them a second time and links them before the
# archives. Each stays a compiled unit of its own, so that nothing else comes with it.

# Sets `output` to those of the files that follow which contain WABOT_FAULT(...).
function(list_fault_files output)
  set(found)
  foreach(file IN LISTS ARGN)
    file(STRINGS ${file} points REGEX "WABOT_FAULT\\(" LIMIT_COUNT 1)
    if(points)
      list(APPEND found ${file})
    endif()
  endforeach()
  set(${output} ${found} PARENT_SCOPE)
endfunction()

function(keep_fault_files_apart)
  list_fault_files(files ${ARGN})
  set_source_files_properties(${files} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
