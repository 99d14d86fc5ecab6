/* The table of methods: everything that is served. */
#include "api/access/service.h"
#include "api/completion.h"
#include "api/model_registry.h"
#include "api/operations.h"
#include "api/service.h"
#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "grpc/reflection/v1alpha/reflection.pb-c.h"
#include "rpc/health.h"
#include "rpc/reflection.h"
#include "sluice/v1/access.pb-c.h"
#include "sluice/v1/completion.pb-c.h"
#include "sluice/v1/model_registry.pb-c.h"

/* A unary method that works on the control pool; the rest are members of its needs. */
#define WORK(method, in, out, function, ...)                                                       \
    {                                                                                              \
        .path = "/sluice.v1." method, .needs = {__VA_ARGS__}, .kind = SL_UNARY,                    \
        .home = SL_ON_CONTROL, .input = &sluice__v1__##in##__descriptor,                           \
        .output = &sluice__v1__##out##__descriptor, .on_message = sl_work_start,                   \
        .on_cancel = sl_work_cancel, .work = function                                              \
    }

enum {
    AUDITORS = SL_ROLE_ADMIN | SL_ROLE_AUDITOR,
    STAFF = SL_ROLE_ADMIN | SL_ROLE_AUDITOR | SL_ROLE_OPERATOR,
};

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
        .path = "/sluice.v1.Completion/Embed",
        .needs = {.scopes = SL_SCOPE_COMPLETE},
        .kind = SL_UNARY,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__embed_request__descriptor,
        .output = &sluice__v1__embed_response__descriptor,
        .on_message = sl_embed,
        .on_cancel = sl_operation_cancel,
    },
    {
        .path = "/sluice.v1.Completion/GenerateImage",
        .needs = {.scopes = SL_SCOPE_COMPLETE},
        .kind = SL_SERVER_STREAM,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__generate_image_request__descriptor,
        .output = &sluice__v1__generate_image_response__descriptor,
        .on_message = sl_generate_image,
        .on_writable = sl_operation_writable,
        .on_cancel = sl_operation_cancel,
    },
    {
        .path = "/sluice.v1.Completion/Rerank",
        .needs = {.scopes = SL_SCOPE_COMPLETE},
        .kind = SL_UNARY,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__rerank_request__descriptor,
        .output = &sluice__v1__rerank_response__descriptor,
        .on_message = sl_rerank,
        .on_cancel = sl_operation_cancel,
    },
    {
        .path = "/sluice.v1.Completion/Moderate",
        .needs = {.scopes = SL_SCOPE_COMPLETE},
        .kind = SL_UNARY,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__moderate_request__descriptor,
        .output = &sluice__v1__moderate_response__descriptor,
        .on_message = sl_moderate,
        .on_cancel = sl_operation_cancel,
    },
    {
        .path = "/sluice.v1.Completion/CountTokens",
        .needs = {.scopes = SL_SCOPE_COMPLETE},
        .kind = SL_UNARY,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__complete_request__descriptor,
        .output = &sluice__v1__count_tokens_response__descriptor,
        .on_message = sl_count_tokens,
        .on_cancel = sl_operation_cancel,
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
        .path = "/sluice.v1.ModelRegistry/DiscoverModels",
        .needs = {.scopes = SL_SCOPE_MODELS, .roles = SL_ROLE_ADMIN | SL_ROLE_OPERATOR},
        .kind = SL_UNARY,
        .home = SL_ON_LOOPS,
        .input = &sluice__v1__discover_models_request__descriptor,
        .output = &sluice__v1__discover_models_response__descriptor,
        .on_message = sl_discover_models,
        .on_cancel = sl_discover_models_cancel,
    },
    {
        .path = "/sluice.v1.Access/WhoAmI",
        .needs = {.always = true},
        .kind = SL_UNARY,
        .home = SL_ON_CONTROL,
        .input = &sluice__v1__who_am_irequest__descriptor,
        .output = &sluice__v1__who_am_iresponse__descriptor,
        .on_message = sl_who_am_i,
    },
    WORK("Access/ListUsers", list_users_request, list_users_response, sl_list_users,
         .roles = AUDITORS),
    WORK("Access/GetUser", get_user_request, user, sl_get_user, .roles = 0),
    WORK("Access/CreateUser", create_user_request, create_user_response, sl_create_user,
         .roles = SL_ROLE_ADMIN),
    WORK("Access/UpdateUser", update_user_request, user, sl_update_user, .roles = SL_ROLE_ADMIN),
    WORK("Access/DeleteUser", delete_user_request, delete_user_response, sl_delete_user,
         .roles = SL_ROLE_ADMIN),
    WORK("Access/ListTiers", list_tiers_request, list_tiers_response, sl_list_tiers,
         .roles = STAFF),
    WORK("Access/GetTier", get_tier_request, tier, sl_get_tier, .roles = 0),
    WORK("Access/CreateTier", create_tier_request, tier, sl_create_tier, .roles = SL_ROLE_ADMIN),
    WORK("Access/UpdateTier", update_tier_request, tier, sl_update_tier, .roles = SL_ROLE_ADMIN),
    WORK("Access/DeleteTier", delete_tier_request, delete_tier_response, sl_delete_tier,
         .roles = SL_ROLE_ADMIN),
    WORK("Access/ListApiKeys", list_api_keys_request, list_api_keys_response, sl_list_api_keys,
         .roles = 0),
    WORK("Access/CreateApiKey", create_api_key_request, create_api_key_response, sl_create_api_key,
         .scopes = SL_SCOPE_ADMIN),
    WORK("Access/RevokeApiKey", revoke_api_key_request, api_key, sl_revoke_api_key,
         .scopes = SL_SCOPE_ADMIN),
    WORK("Access/GetPreferences", get_preferences_request, preferences, sl_get_preferences,
         .roles = 0),
    WORK("Access/UpdatePreferences", update_preferences_request, preferences, sl_update_preferences,
         .scopes = SL_SCOPE_MODELS | SL_SCOPE_ADMIN),
    WORK("Access/ListAuditEvents", list_audit_events_request, list_audit_events_response,
         sl_list_audit_events, .roles = AUDITORS),
    WORK("Access/VerifyAudit", verify_audit_request, verify_audit_response, sl_verify_audit,
         .roles = AUDITORS),
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
