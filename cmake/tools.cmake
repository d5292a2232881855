# Faster builds where the tools are there, and the targets format, format-check, lint and coverage.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

find_program(CLANG_FORMAT clang-format)
find_program(CLANG_TIDY clang-tidy)
find_program(RUN_CLANG_TIDY NAMES run-clang-tidy run-clang-tidy-14)

# A target that runs COMMAND in the source folder, or says which package would bring `tool` and fails.
function(add_tool_target name tool package)
  cmake_parse_arguments(arg "" "" "COMMAND" ${ARGN})
  if(NOT ${tool})
    set(arg_COMMAND ${CMAKE_COMMAND} -E echo "${name} needs ${package}: apt-get install ${package}" COMMAND ${CMAKE_COMMAND} -E false)
  endif()
  add_custom_target(${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM USES_TERMINAL)
endfunction()

set(tracked "git ls-files -z -- '*.cpp' '*.hpp' '*.ipp'")
add_tool_target(format CLANG_FORMAT clang-format COMMAND sh -c "${tracked} | xargs -0 ${CLANG_FORMAT} -i")
add_tool_target(format-check CLANG_FORMAT clang-format COMMAND sh -c "${tracked} | xargs -0 ${CLANG_FORMAT} --dry-run --Werror")
add_tool_target(lint CLANG_TIDY clang-tidy
  COMMAND ${RUN_CLANG_TIDY} -quiet -p ${PROJECT_BINARY_DIR} "^${PROJECT_SOURCE_DIR}/(src|bench)/.*")
# Useful in the preset of that name, which instruments the code: runs the tests, then says which lines they reached.
add_tool_target(coverage CMAKE_CXX_COMPILER g++
  COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${PROJECT_BINARY_DIR} --label-exclude "^long$" --output-on-failure
  COMMAND python3 cmake/coverage.py ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR}/src)
