#pragma once
#include <spidergate/providers/dialect.hpp>

#include <string>
#include <string_view>

/// What requests of every dialect are written with: header lines, credentials as the catalogue describes them.
namespace spidergate::providers {

/// RFC 3986: everything but unreserved characters.
void append_percent_encoded(std::string& out, std::string_view text);

/// "name: prefix value". A line end in a value (pasted with a key, or put there to smuggle a header) never gets onto
/// the wire.
void append_header(std::string& out, std::string_view name, std::string_view prefix, std::string_view value);

/// The header of auth styles that have one; nothing where the key is empty, or goes into the query, or signs.
void append_credential(std::string& out, const catalogue::provider& provider, const credential& secret);

/// "?NAME=KEY", or "&NAME=KEY" behind a query, where the auth style is that.
void append_query_credential(std::string& target, const catalogue::provider& provider, const credential& secret);

/// The client's headers that may travel on, but for those that are ours.
void append_forwarded(std::string& out, const encode_input& in);

}  // namespace spidergate::providers
