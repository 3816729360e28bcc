"""All metrics of some namespaces, as their services' guides list them; what AWS adds later is unknown, not wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_JOBS: Final = ("Aborted", "Completed", "Created", "Expired", "Failed", "Pending", "Running")

KNOWN: Final[Mapping[str, frozenset[str]]] = {
    "AWS/ApplicationELB": frozenset(
        {
            *(f"HTTPCode_ELB_{code}_Count" for code in ("3XX", "4XX", "5XX", 500, 502, 503, 504)),
            *(f"HTTPCode_Target_{code}XX_Count" for code in (2, 3, 4, 5)),
            *(f"ELBAuth{word}" for word in ("Error", "Failure", "Latency", "RefreshTokenSuccess", "Success")),
            *(f"{state}State{kind}" for state in ("Healthy", "Unhealthy") for kind in ("DNS", "Routing")),
            "ActiveConnectionCount",
            "AnomalousHostCount",
            "ClientTLSNegotiationErrorCount",
            "ConsumedLCUs",
            "DesyncMitigationMode_NonCompliant_Request_Count",
            "DroppedInvalidHeaderRequestCount",
            "GrpcRequestCount",
            "HTTP_Fixed_Response_Count",
            "HTTP_Redirect_Count",
            "HTTP_Redirect_Url_Limit_Exceeded_Count",
            "HealthyHostCount",
            "IPv6ProcessedBytes",
            "IPv6RequestCount",
            "LambdaInternalError",
            "LambdaTargetProcessedBytes",
            "LambdaUserError",
            "MitigatedHostCount",
            "NewConnectionCount",
            "PeakLCUs",
            "ProcessedBytes",
            "RejectedConnectionCount",
            "RequestCount",
            "RequestCountPerTarget",
            "RuleEvaluations",
            "StandardProcessedBytes",
            "TargetConnectionErrorCount",
            "TargetResponseTime",
            "TargetTLSNegotiationErrorCount",
            "UnHealthyHostCount",
            "UnhealthyRoutingRequestCount",
        }
    ),
    "AWS/Backup": frozenset(
        [f"NumberOf{kind}Jobs{state}" for kind in ("Backup", "Copy", "Restore") for state in _JOBS]
        + [f"NumberOfRecoveryPoints{state}" for state in ("Completed", "Partial", "Expired", "Deleting", "Cold")]
    ),
    "AWS/ECS": frozenset(
        {
            "ActiveConnectionCount",
            "CPUReservation",
            "CPUUtilization",
            "ClientTLSNegotiationErrorCount",
            "EBSFilesystemUtilization",
            "GPUReservation",
            "GrpcRequestCount",
            *(f"HTTPCode_Target_{code}XX_Count" for code in (2, 3, 4, 5)),
            "MemoryReservation",
            "MemoryUtilization",
            "NewConnectionCount",
            "ProcessedBytes",
            "RequestCount",
            "RequestCountPerTarget",
            "TargetResponseTime",
            "TargetTLSNegotiationErrorCount",
        }
    ),
}
