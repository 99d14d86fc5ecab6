/* The table of methods: everything that is served. */
#include "api/completion.h"
#include "api/model_registry.h"
#include "api/service.h"
#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "grpc/reflection/v1alpha/reflection.pb-c.h"
#include "rpc/health.h"
#include "rpc/reflection.h"
#include "sluice/v1/completion.pb-c.h"
#include "sluice/v1/model_registry.pb-c.h"

const struct sl_method sl_methods[] = {
    {
        .path = "/sluice.v1.Completion/Complete",
        .needs = {.scopes = SL_SCOPE_COMPLETE},
        .kind = SL_UNARY,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__complete_request__descriptor,
        .output = &sluice__v1__complete_response__descriptor,
        .on_message = sl_complete,
        .on_cancel = sl_complete_cancel,
    },
    {
        .path = "/sluice.v1.Completion/StreamComplete",
        .needs = {.scopes = SL_SCOPE_COMPLETE},
        .kind = SL_SERVER_STREAM,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__complete_request__descriptor,
        .output = &sluice__v1__stream_complete_response__descriptor,
        .on_message = sl_stream_complete,
        .on_writable = sl_stream_complete_writable,
        .on_cancel = sl_complete_cancel,
    },
    {
        .path = "/sluice.v1.ModelRegistry/ListModels",
        .needs = {.scopes = SL_SCOPE_COMPLETE | SL_SCOPE_MODELS | SL_SCOPE_ADMIN},
        .kind = SL_UNARY,
        .home = SL_ON_CONTROL,
        .input = &sluice__v1__list_models_request__descriptor,
        .output = &sluice__v1__list_models_response__descriptor,
        .on_message = sl_list_models,
    },
    {
        .path = "/sluice.v1.ModelRegistry/GetModel",
        .needs = {.scopes = SL_SCOPE_COMPLETE | SL_SCOPE_MODELS | SL_SCOPE_ADMIN},
        .kind = SL_UNARY,
        .home = SL_ON_CONTROL,
        .input = &sluice__v1__get_model_request__descriptor,
        .output = &sluice__v1__model__descriptor,
        .on_message = sl_get_model,
    },
    {
        .path = "/sluice.v1.ModelRegistry/ResolveModel",
        .needs = {.scopes = SL_SCOPE_COMPLETE | SL_SCOPE_MODELS | SL_SCOPE_ADMIN},
        .kind = SL_UNARY,
        .home = SL_ON_CONTROL,
        .input = &sluice__v1__resolve_model_request__descriptor,
        .output = &sluice__v1__resolve_model_response__descriptor,
        .on_message = sl_resolve_model,
    },
    {
        .path = "/grpc.health.v1.Health/Check",
        .kind = SL_UNARY,
        .home = SL_ON_CONTROL,
        .open = true,
        .input = &grpc__health__v1__health_check_request__descriptor,
        .output = &grpc__health__v1__health_check_response__descriptor,
        .on_message = sl_health_check,
    },
    {
        .path = "/grpc.health.v1.Health/Watch",
        .kind = SL_SERVER_STREAM,
        .home = SL_ON_CONTROL,
        .open = true,
        .input = &grpc__health__v1__health_check_request__descriptor,
        .output = &grpc__health__v1__health_check_response__descriptor,
        .on_message = sl_health_watch,
        .on_cancel = sl_health_watch_cancel,
    },
    {
        .path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        .kind = SL_BIDI,
        .home = SL_ON_CONTROL,
        .open = true,
        .input = &grpc__reflection__v1__server_reflection_request__descriptor,
        .output = &grpc__reflection__v1__server_reflection_response__descriptor,
        .on_message = sl_reflection_v1_message,
        .on_half_close = sl_reflection_half_close,
    },
    {
        .path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        .kind = SL_BIDI,
        .home = SL_ON_CONTROL,
        .open = true,
        .input = &grpc__reflection__v1alpha__server_reflection_request__descriptor,
        .output = &grpc__reflection__v1alpha__server_reflection_response__descriptor,
        .on_message = sl_reflection_v1alpha_message,
        .on_half_close = sl_reflection_half_close,
    },
    {.path = NULL},
};
