#pragma once
#include "plan.hpp"

#include <spidergate/flow/serve.hpp>

namespace spidergate::flow {

/// Writes into a new receipt what is known of a request before anything was tried; `asked` is null when it cannot be
/// read.
void begin_receipt(model::receipt& r, const rooms& house, const request_context& context, model::endpoint kind,
                   const model::inference_request* asked);

/// Adds who served, what it used and what that costs. Takes attempts, dropped parameters and the first choice out of
/// the report.
void complete_receipt(model::receipt& r, const routing_snapshot& routing, const plan& made, engine::report& went);

/// Adds an error and what it means for the status.
void refuse_receipt(model::receipt& r, const model::api_error& error);

}  // namespace spidergate::flow
