#include "core/database/postgres/postgres_library.hpp"

#include <libpq-fe.h>

#include "core/base/shared_library.hpp"

namespace wabot {

namespace {

const SharedLibrary& libpq() {
    static const SharedLibrary loaded("libpq.so.5", "libpq5");
    return loaded;
}

}  // namespace

void load_postgres_library() {
    libpq();
}

}  // namespace wabot

// What libpqxx calls, declared in libpq-fe.h.
#define FORWARD(Result, name, parameters, arguments) WABOT_FORWARD(wabot::libpq(), Result, name, parameters, arguments)
FORWARD(int, PQbackendPID, (const PGconn* a), (a))
FORWARD(int, PQcancel, (PGcancel * a, char* b, int c), (a, b, c))
FORWARD(void, PQclear, (PGresult * a), (a))
FORWARD(int, PQclientEncoding, (const PGconn* a), (a))
FORWARD(char*, PQcmdStatus, (PGresult * a), (a))
FORWARD(char*, PQcmdTuples, (PGresult * a), (a))
FORWARD(PostgresPollingStatusType, PQconnectPoll, (PGconn * a), (a))
FORWARD(PGconn*, PQconnectStart, (const char* a), (a))
FORWARD(PGconn*, PQconnectdb, (const char* a), (a))
FORWARD(int, PQconsumeInput, (PGconn * a), (a))
FORWARD(char*, PQdb, (const PGconn* a), (a))
FORWARD(char*, PQencryptPassword, (const char* a, const char* b), (a, b))
FORWARD(int, PQendcopy, (PGconn * a), (a))
FORWARD(char*, PQerrorMessage, (const PGconn* a), (a))
FORWARD(unsigned char*, PQescapeByteaConn, (PGconn * a, const unsigned char* b, size_t c, size_t* d), (a, b, c, d))
FORWARD(char*, PQescapeIdentifier, (PGconn * a, const char* b, size_t c), (a, b, c))
FORWARD(size_t, PQescapeStringConn, (PGconn * a, char* b, const char* c, size_t d, int* e), (a, b, c, d, e))
FORWARD(PGresult*, PQexec, (PGconn * a, const char* b), (a, b))
FORWARD(PGresult*, PQexecParams, (PGconn * a, const char* b, int c, const Oid* d, const char* const* e, const int* f, const int* g, int h),
        (a, b, c, d, e, f, g, h))
FORWARD(PGresult*, PQexecPrepared, (PGconn * a, const char* b, int c, const char* const* d, const int* e, const int* f, int g), (a, b, c, d, e, f, g))
FORWARD(void, PQfinish, (PGconn * a), (a))
FORWARD(char*, PQfname, (const PGresult* a, int b), (a, b))
FORWARD(int, PQfnumber, (const PGresult* a, const char* b), (a, b))
FORWARD(void, PQfreeCancel, (PGcancel * a), (a))
FORWARD(void, PQfreemem, (void* a), (a))
FORWARD(Oid, PQftable, (const PGresult* a, int b), (a, b))
FORWARD(int, PQftablecol, (const PGresult* a, int b), (a, b))
FORWARD(Oid, PQftype, (const PGresult* a, int b), (a, b))
FORWARD(PGcancel*, PQgetCancel, (PGconn * a), (a))
FORWARD(int, PQgetCopyData, (PGconn * a, char** b, int c), (a, b, c))
FORWARD(PGresult*, PQgetResult, (PGconn * a), (a))
FORWARD(int, PQgetisnull, (const PGresult* a, int b, int c), (a, b, c))
FORWARD(int, PQgetlength, (const PGresult* a, int b, int c), (a, b, c))
FORWARD(char*, PQgetvalue, (const PGresult* a, int b, int c), (a, b, c))
FORWARD(char*, PQhost, (const PGconn* a), (a))
FORWARD(int, PQisBusy, (PGconn * a), (a))
FORWARD(int, PQisthreadsafe, (), ())
FORWARD(int, PQnfields, (const PGresult* a), (a))
FORWARD(PGnotify*, PQnotifies, (PGconn * a), (a))
FORWARD(int, PQntuples, (const PGresult* a), (a))
FORWARD(Oid, PQoidValue, (const PGresult* a), (a))
FORWARD(char*, PQport, (const PGconn* a), (a))
FORWARD(PGresult*, PQprepare, (PGconn * a, const char* b, const char* c, int d, const Oid* e), (a, b, c, d, e))
FORWARD(int, PQprotocolVersion, (const PGconn* a), (a))
FORWARD(int, PQputCopyData, (PGconn * a, const char* b, int c), (a, b, c))
FORWARD(int, PQputCopyEnd, (PGconn * a, const char* b), (a, b))
FORWARD(void, PQreset, (PGconn * a), (a))
FORWARD(char*, PQresultErrorField, (const PGresult* a, int b), (a, b))
FORWARD(char*, PQresultErrorMessage, (const PGresult* a), (a))
FORWARD(ExecStatusType, PQresultStatus, (const PGresult* a), (a))
FORWARD(int, PQsendQuery, (PGconn * a, const char* b), (a, b))
FORWARD(int, PQserverVersion, (const PGconn* a), (a))
FORWARD(int, PQsetClientEncoding, (PGconn * a, const char* b), (a, b))
FORWARD(PGVerbosity, PQsetErrorVerbosity, (PGconn * a, PGVerbosity b), (a, b))
FORWARD(PQnoticeProcessor, PQsetNoticeProcessor, (PGconn * a, PQnoticeProcessor b, void* c), (a, b, c))
FORWARD(int, PQsocket, (const PGconn* a), (a))
FORWARD(ConnStatusType, PQstatus, (const PGconn* a), (a))
FORWARD(void, PQtrace, (PGconn * a, FILE* b), (a, b))
FORWARD(unsigned char*, PQunescapeBytea, (const unsigned char* a, size_t* b), (a, b))
FORWARD(void, PQuntrace, (PGconn * a), (a))
FORWARD(char*, PQuser, (const PGconn* a), (a))
FORWARD(const char*, pg_encoding_to_char, (int a), (a))
