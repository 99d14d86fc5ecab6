# What of rpc/ stands beside the server itself.
sluice_library(sl_rpc_parts
    SOURCES codec.c credentials.c health.c status_details.c
    DEPS sl_base sluice_proto PkgConfig::GRPC PkgConfig::OPENSSL PkgConfig::UV)
