//! Jobs, models, endpoints, pipelines and monitoring.

use super::{
    VOLUME_KEY, encrypted, grant_volume_keys, in_vpc, on_all, pass_role, sagemaker, with_keys,
};
use crate::document::Statement;
use crate::persona::Scope;

pub(super) fn jobs(scope: &Scope) -> Vec<Statement> {
    // An AutoML job chooses its instances itself, and IAM has no key for them.
    let limited = !scope.instance_types.is_empty();
    let auto = if limited { "" } else { "CreateAutoMLJob" };
    let names =
        format!("CreateHyperParameterTuningJob CreateProcessingJob CreateTrainingJob {auto}");
    let create = Statement::allow("JobsCreate")
        .actions(sagemaker(&names))
        .resources(scope.of_types(&[
            "hyper-parameter-tuning-job",
            "processing-job",
            "training-job",
        ]))
        .resources(if limited { Vec::new() } else { scope.of_types(&["automl-job"]) });
    // A transform job runs where its model does: it has no VPC of its own to ask for.
    let transform = Statement::allow("JobsTransform")
        .actions(sagemaker("CreateTransformJob"))
        .resources(scope.of_types(&["transform-job"]));
    let manage = Statement::allow("JobsManage")
        .actions(sagemaker(
            "BatchGetMetrics DescribeAutoMLJob DescribeHyperParameterTuningJob \
             DescribeProcessingJob DescribeTrainingJob DescribeTransformJob \
             ListTrainingJobsForHyperParameterTuningJob StopAutoMLJob StopHyperParameterTuningJob \
             StopProcessingJob StopTrainingJob StopTransformJob UpdateTrainingJob",
        ))
        .resources(scope.of_types(&[
            "automl-job",
            "experiment-trial-component",
            "hyper-parameter-tuning-job",
            "processing-job",
            "training-job",
            "transform-job",
        ]));
    let lists = on_all(
        "JobsList",
        "ListAutoMLJobs ListCandidatesForAutoMLJob ListHyperParameterTuningJobs \
         ListProcessingJobs ListTrainingJobs ListTransformJobs Search",
    );
    let create = with_keys(in_vpc(create, scope), scope);
    let transform = with_keys(transform, scope);
    [create, transform, manage, lists, pass_role(scope)]
        .into_iter()
        .chain(grant_volume_keys(scope))
        .collect()
}

pub(super) fn models(scope: &Scope) -> Vec<Statement> {
    let create = Statement::allow("ModelsCreate")
        .actions(sagemaker("CreateModel"))
        .resources(scope.of_types(&["model"]));
    let manage = Statement::allow("ModelsManage")
        .actions(sagemaker(
            "BatchDescribeModelPackage CreateModelPackage CreateModelPackageGroup DeleteModel \
             DeleteModelPackage DeleteModelPackageGroup DescribeModel DescribeModelPackage \
             DescribeModelPackageGroup UpdateModelPackage",
        ))
        .resources(scope.of_types(&["model", "model-package", "model-package-group"]));
    let lists = on_all("ModelsList", "ListModelPackageGroups ListModelPackages ListModels");
    vec![in_vpc(create, scope), manage, lists, pass_role(scope)]
}

pub(super) fn endpoints(scope: &Scope) -> Vec<Statement> {
    let configure = Statement::allow("EndpointsConfigure")
        .actions(sagemaker("CreateEndpointConfig"))
        .resources(scope.of_types(&["endpoint-config"]));
    let manage = Statement::allow("EndpointsManage")
        .actions(sagemaker(
            "CreateEndpoint DeleteEndpoint DeleteEndpointConfig DescribeEndpoint \
             DescribeEndpointConfig UpdateEndpoint UpdateEndpointWeightsAndCapacities",
        ))
        .resources(scope.of_types(&["endpoint", "endpoint-config"]));
    let lists = on_all("EndpointsList", "ListEndpointConfigs ListEndpoints");
    [encrypted(configure, VOLUME_KEY, &scope.kms_keys.volumes), manage, lists]
        .into_iter()
        .chain(grant_volume_keys(scope))
        .collect()
}

pub(super) fn pipelines(scope: &Scope) -> Vec<Statement> {
    let manage = Statement::allow("PipelinesManage")
        .actions(sagemaker(
            "CreatePipeline DeletePipeline DescribePipeline DescribePipelineDefinitionForExecution \
             DescribePipelineExecution ListPipelineExecutionSteps ListPipelineExecutions \
             ListPipelineParametersForExecution RetryPipelineExecution \
             SendPipelineExecutionStepFailure SendPipelineExecutionStepSuccess \
             StartPipelineExecution StopPipelineExecution UpdatePipeline UpdatePipelineExecution",
        ))
        // An execution is `pipeline/{name}/execution/{id}`.
        .resources(scope.of_types(&["pipeline"]));
    vec![manage, on_all("PipelinesList", "ListPipelines"), pass_role(scope)]
}

pub(super) fn monitoring(scope: &Scope) -> Vec<Statement> {
    let types = ["monitoring-schedule", "processing-job"];
    let create = Statement::allow("MonitoringCreate")
        .actions(sagemaker("CreateMonitoringSchedule CreateProcessingJob UpdateMonitoringSchedule"))
        .resources(scope.of_types(&types));
    let manage = Statement::allow("MonitoringManage")
        .actions(sagemaker(
            "DeleteMonitoringSchedule DescribeMonitoringSchedule DescribeProcessingJob \
             StartMonitoringSchedule StopMonitoringSchedule StopProcessingJob",
        ))
        .resources(scope.of_types(&types));
    let lists = on_all("MonitoringList", "ListMonitoringSchedules ListProcessingJobs");
    [with_keys(in_vpc(create, scope), scope), manage, lists, pass_role(scope)]
        .into_iter()
        .chain(grant_volume_keys(scope))
        .collect()
}
