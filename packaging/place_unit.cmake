# -DUNIT=file -DBINARY=path -DOUTPUT=file: the unit with the path of the binary.
file(READ ${UNIT} text)
string(REPLACE "/usr/bin/wabot" "${BINARY}" text "${text}")
file(WRITE ${OUTPUT} "${text}")
