# Writes OUTPUT, a C++ source that holds FOLDER/<shell>.<shell> of each shell.
set(texts "")
foreach(shell bash zsh fish)
  file(READ ${FOLDER}/${shell}.${shell} text)
  string(APPEND texts "const char ${shell}_completion[] = R\"shell(${text})shell\";\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"cli/help/completion_shells.hpp\"\n\nnamespace wabot::cli {\n\n${texts}\n}  // namespace wabot::cli\n")
