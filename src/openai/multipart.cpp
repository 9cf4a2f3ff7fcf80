#include "multipart.hpp"

#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace spidergate::openai {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t longest_boundary = 70;  // RFC 2046 section 5.1.1

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool is_token(std::string_view text) {
  constexpr std::string_view separators = "()<>@,;:\\\"/[]?={} \t";
  return !text.empty() && std::none_of(text.begin(), text.end(), [&](char c) {
    return is_control(c) || static_cast<unsigned char>(c) > 0x7E || separators.find(c) != std::string_view::npos;
  });
}

/// One "name=value" behind a header's first word: the value without quotes, its escapes left in it.
struct parameter {
  std::string_view name, value;
};

/// Takes `; name=value` from the front of `rest`; nothing when there is none, or what is there is none.
std::optional<parameter> take_parameter(std::string_view& rest) {
  rest = trim(rest);
  if (rest.empty() || rest.front() != ';') return std::nullopt;
  rest = trim(rest.substr(1));
  const auto equals = rest.find('=');
  if (equals == std::string_view::npos || !is_token(rest.substr(0, equals))) return std::nullopt;
  parameter found{rest.substr(0, equals), {}};
  rest.remove_prefix(equals + 1);
  if (!rest.starts_with('"')) {
    const auto end = std::min(rest.find(';'), rest.size());
    found.value = trim(rest.substr(0, end));
    rest.remove_prefix(end);
    // Boundaries that would need quotes come without them.
    const bool bare = !found.value.empty() && found.value.find_first_of("\" \t") == std::string_view::npos &&
                      std::none_of(found.value.begin(), found.value.end(), is_control);
    return bare ? std::optional(found) : std::nullopt;
  }
  std::size_t end = 1;
  while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
  if (end >= rest.size()) return std::nullopt;
  found.value = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  return found;
}

/// Of a header's value: its first word, and then its parameters one by one.
std::string_view first_word(std::string_view value, std::string_view& rest) {
  const auto end = std::min(value.find(';'), value.size());
  rest = value.substr(end);
  return trim(value.substr(0, end));
}

std::optional<std::string_view> boundary_of(std::string_view content_type) {
  std::string_view rest;
  if (!iequals(first_word(content_type, rest), "multipart/form-data")) return std::nullopt;
  std::optional<std::string_view> found;
  while (const auto p = take_parameter(rest)) {
    if (!iequals(p->name, "boundary")) continue;
    if (found) return std::nullopt;
    found = p->value;
  }
  constexpr std::string_view marks = "'()+_,-./:=? ";
  const auto fits = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  };
  if (!trim(rest).empty() || !found || found->empty() || found->size() > longest_boundary || found->back() == ' ' ||
      !std::all_of(found->begin(), found->end(), fits))
    return std::nullopt;
  return found;
}

class form_reader {
 public:
  form_reader(std::string_view body, std::string_view boundary)
      : rest_(body), delimiter_(std::string("\r\n--").append(boundary)) {}

  boost::system::result<std::vector<model::form_part>, std::string> run() {
    if (!open() || !read_parts()) return std::move(why_);
    return std::move(parts_);
  }

 private:
  bool fail(std::string why) {
    why_ = std::move(why);
    return false;
  }
  bool fail_part(std::string_view what) {
    return fail("part " + std::to_string(parts_.size() + 1) + " " + std::string(what));
  }

  /// The first boundary: at the very beginning, or behind one line end.
  bool open() {
    if (rest_.starts_with(line_end)) rest_.remove_prefix(line_end.size());
    const auto mark = std::string_view(delimiter_).substr(line_end.size());
    if (!rest_.starts_with(mark)) return fail("it does not begin with the boundary that its Content-Type names");
    rest_.remove_prefix(mark.size());
    return true;
  }

  /// Behind each boundary stands a line end and a part, behind the last one two hyphens.
  bool read_parts() {
    while (!rest_.starts_with("--")) {
      const auto end = rest_.find(line_end);
      if (end == std::string_view::npos || !trim(rest_.substr(0, end)).empty())
        return fail("there is something else behind a boundary than a line end");
      rest_.remove_prefix(end + line_end.size());
      if (parts_.size() == max_form_parts) return fail("it has more than " + std::to_string(max_form_parts) + " parts");
      if (!read_part()) return false;
    }
    rest_.remove_prefix(2);
    if (rest_.find_first_not_of(" \t\r\n") != std::string_view::npos)
      return fail("there is something behind its last boundary");
    return true;
  }

  bool read_part() {
    model::form_part part;
    if (!read_head(part)) return false;
    const auto end = rest_.find(delimiter_);
    if (end == std::string_view::npos) return fail_part("has no end: the body may have been cut off");
    part.content = rest_.substr(0, end);
    rest_.remove_prefix(end + delimiter_.size());
    parts_.push_back(part);
    return true;
  }

  bool read_head(model::form_part& part) {
    bool disposed = false;
    bool typed = false;
    std::size_t left = max_part_head_bytes;
    while (true) {
      const auto end = rest_.substr(0, left).find(line_end);
      if (end == std::string_view::npos) return fail_part("has no end of its header, or one that is too long");
      const auto line = rest_.substr(0, end);
      rest_.remove_prefix(end + line_end.size());
      left -= end + line_end.size();
      if (line.empty()) break;
      if (!read_field(line, part, disposed, typed)) return false;
    }
    return disposed || fail_part("has no Content-Disposition");
  }

  bool read_field(std::string_view line, model::form_part& part, bool& disposed, bool& typed) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
      return fail_part("has a header line without a name");
    if (std::any_of(line.begin(), line.end(), [](char c) { return is_control(c) && c != '\t'; }))
      return fail_part("has a control character in its header");
    const auto name = line.substr(0, colon);
    const auto value = trim(line.substr(colon + 1));
    if (iequals(name, "content-disposition")) {
      if (disposed) return fail_part("has two Content-Dispositions");
      disposed = true;
      return read_disposition(value, part);
    }
    if (iequals(name, "content-type")) {
      if (typed) return fail_part("has two Content-Types");
      typed = true;
      part.content_type = value;
    }
    if (iequals(name, "content-transfer-encoding") && !iequals(value, "binary") && !iequals(value, "8bit") &&
        !iequals(value, "7bit"))
      return fail_part("has a Content-Transfer-Encoding, which forms must not have (RFC 7578 section 4.7)");
    return true;
  }

  bool read_disposition(std::string_view value, model::form_part& part) {
    std::string_view rest;
    if (!iequals(first_word(value, rest), "form-data")) return fail_part("is no form-data");
    bool named = false;
    bool filed = false;
    while (const auto p = take_parameter(rest)) {
      if (iequals(p->name, "name")) {
        if (named) return fail_part("has two names");
        named = true;
        part.name = p->value;
      }
      if (iequals(p->name, "filename")) {
        if (filed) return fail_part("has two filenames");
        filed = true;
        part.filename = p->value;
      }
    }
    if (!trim(rest).empty()) return fail_part("has a malformed Content-Disposition");
    return (named && !part.name.empty()) || fail_part("has no name");
  }

  std::string_view rest_;
  std::string delimiter_;
  std::vector<model::form_part> parts_;
  std::string why_;
};

}  // namespace

boost::system::result<std::vector<model::form_part>, std::string> read_multipart(std::string_view content_type,
                                                                                 std::string_view body) {
  const auto boundary = boundary_of(content_type);
  if (!boundary) return std::string("its Content-Type names no valid boundary (multipart/form-data; boundary=…)");
  return form_reader(body, *boundary).run();
}

}  // namespace spidergate::openai
