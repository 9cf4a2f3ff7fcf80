#pragma once
#include <boost/system/result.hpp>

#include <libpq-fe.h>
#include <memory>
#include <string>

namespace spidergate::store::postgresql {

/// The functions of PostgreSQL's client library that are used here, by their names without "PQ". The library is loaded
/// when the first database is opened, for it brings twenty others (LDAP, Kerberos, GnuTLS, …) and with them 4 MB and a
/// longer start, which a gateway with the embedded database would pay for nothing.
struct libpq {
  /// Loaded once and kept; any thread. The message says what is missing.
  [[nodiscard]] static boost::system::result<const libpq*, std::string> load();

  decltype(&PQconninfoParse) conninfo_parse = nullptr;
  decltype(&PQconninfoFree) conninfo_free = nullptr;
  decltype(&PQconnectdb) connectdb = nullptr;
  decltype(&PQfinish) finish = nullptr;
  decltype(&PQstatus) status = nullptr;
  decltype(&PQerrorMessage) error_message = nullptr;
  decltype(&PQsocket) socket = nullptr;
  decltype(&PQserverVersion) server_version = nullptr;
  decltype(&PQbackendPID) backend_pid = nullptr;
  decltype(&PQsetNoticeProcessor) set_notice_processor = nullptr;
  decltype(&PQexec) exec = nullptr;
  decltype(&PQexecParams) exec_params = nullptr;
  decltype(&PQgetResult) get_result = nullptr;
  decltype(&PQputCopyData) put_copy_data = nullptr;
  decltype(&PQputCopyEnd) put_copy_end = nullptr;
  decltype(&PQconsumeInput) consume_input = nullptr;
  decltype(&PQnotifies) notifies = nullptr;
  decltype(&PQfreemem) freemem = nullptr;
  decltype(&PQclear) clear = nullptr;
  decltype(&PQresultStatus) result_status = nullptr;
  decltype(&PQresultErrorField) result_error_field = nullptr;
  decltype(&PQresultErrorMessage) result_error_message = nullptr;
  decltype(&PQntuples) ntuples = nullptr;
  decltype(&PQnfields) nfields = nullptr;
  decltype(&PQftype) ftype = nullptr;
  decltype(&PQgetisnull) getisnull = nullptr;
  decltype(&PQgetvalue) getvalue = nullptr;
  decltype(&PQgetlength) getlength = nullptr;
};

/// What the server has answered; null when libpq could not even ask.
struct answer_closer {
  decltype(&PQclear) clear = nullptr;
  void operator()(PGresult* one) const noexcept { clear(one); }
};
using answer = std::unique_ptr<PGresult, answer_closer>;

}  // namespace spidergate::store::postgresql
