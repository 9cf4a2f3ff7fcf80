#include "libpq.hpp"

#include <dlfcn.h>

namespace spidergate::store::postgresql {

namespace {

using loaded = boost::system::result<libpq, std::string>;

std::string complaint() {
  const char* const said = ::dlerror();
  return std::string("PostgreSQL's client library cannot be loaded (") + (said ? said : "libpq.so.5") +
         "): install it; Debian has it in the package libpq5.";
}

template <class Function>
bool take(void* library, const char* name, Function*& into) {
  into = reinterpret_cast<Function*>(::dlsym(library, name));
  return into != nullptr;
}

loaded load_all() {
  void* const from = ::dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (!from) return complaint();
  libpq all;
  const bool whole = take(from, "PQconninfoParse", all.conninfo_parse) &&
                     take(from, "PQconninfoFree", all.conninfo_free) && take(from, "PQconnectdb", all.connectdb) &&
                     take(from, "PQfinish", all.finish) && take(from, "PQstatus", all.status) &&
                     take(from, "PQerrorMessage", all.error_message) && take(from, "PQsocket", all.socket) &&
                     take(from, "PQserverVersion", all.server_version) && take(from, "PQbackendPID", all.backend_pid) &&
                     take(from, "PQsetNoticeProcessor", all.set_notice_processor) && take(from, "PQexec", all.exec) &&
                     take(from, "PQexecParams", all.exec_params) && take(from, "PQgetResult", all.get_result) &&
                     take(from, "PQputCopyData", all.put_copy_data) && take(from, "PQputCopyEnd", all.put_copy_end) &&
                     take(from, "PQconsumeInput", all.consume_input) && take(from, "PQnotifies", all.notifies) &&
                     take(from, "PQfreemem", all.freemem) && take(from, "PQclear", all.clear) &&
                     take(from, "PQresultStatus", all.result_status) &&
                     take(from, "PQresultErrorField", all.result_error_field) &&
                     take(from, "PQresultErrorMessage", all.result_error_message) &&
                     take(from, "PQntuples", all.ntuples) && take(from, "PQnfields", all.nfields) &&
                     take(from, "PQftype", all.ftype) && take(from, "PQgetisnull", all.getisnull) &&
                     take(from, "PQgetvalue", all.getvalue) && take(from, "PQgetlength", all.getlength);
  if (!whole) return complaint();
  return all;
}

}  // namespace

boost::system::result<const libpq*, std::string> libpq::load() {
  static const loaded library = load_all();
  if (!library) return library.error();
  return &*library;
}

}  // namespace spidergate::store::postgresql
