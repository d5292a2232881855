# Compiles the files of each folder together, at most eight at a time, where the preset sets CMAKE_UNITY_BUILD: most of what a file costs is reading
# headers. By folder, so that a new file moves no other folder's files; names of one folder must differ therefore. A file with compile definitions of
# its own stays alone.
function(compile_folders_together target)
  set(together 8)
  foreach(file IN LISTS ARGN)
    cmake_path(GET file PARENT_PATH folder)
    cmake_path(RELATIVE_PATH folder BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
    string(MAKE_C_IDENTIFIER ${folder} folder)
    if(NOT DEFINED count_${folder})
      set(count_${folder} 0)
    endif()
    math(EXPR group "${count_${folder}} / ${together}")
    math(EXPR count_${folder} "${count_${folder}} + 1")
    set_property(SOURCE ${file} PROPERTY UNITY_GROUP ${folder}_${group})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
endfunction()
