//! The policy templates of `SageMaker`'s role manager, by the actions they allow.
//!
//! Facts taken from `cdklabs/cdk-aws-sagemaker-role-manager` (commit `bb3599e`, Apache License 2.0,
//! © Amazon.com, Inc. or its affiliates), whose templates also hold resources and conditions: mostly
//! `arn:aws:sagemaker:*:*:*/*` and none.

use super::{Template, Variant};
use crate::persona::Activity;

/// Every template, in the order of [`Activity::ALL`].
pub const TEMPLATES: [Template; 28] = [
    Template {
        name: "SM_StudioAppPermissions",
        version: 1,
        activity: Activity::RunStudioApps,
        variant: Variant::Plain,
        actions: "iam:PassRole sagemaker:CreateApp sagemaker:CreateAppImageConfig \
                  sagemaker:DeleteApp sagemaker:DeleteAppImageConfig sagemaker:DescribeApp \
                  sagemaker:DescribeAppImageConfig sagemaker:DescribeDomain \
                  sagemaker:DescribeUserProfile sagemaker:ListAppImageConfigs sagemaker:ListApps \
                  sagemaker:ListDomains sagemaker:ListUserProfiles \
                  sagemaker:UpdateAppImageConfig",
    },
    Template {
        name: "SM_StudioAppPermissions",
        version: 2,
        activity: Activity::RunStudioApps,
        variant: Variant::Plain,
        actions: "sagemaker:CreateApp sagemaker:CreateAppImageConfig sagemaker:DeleteApp \
                  sagemaker:DeleteAppImageConfig sagemaker:DescribeApp \
                  sagemaker:DescribeAppImageConfig sagemaker:DescribeDomain \
                  sagemaker:DescribeUserProfile sagemaker:ListAppImageConfigs sagemaker:ListApps \
                  sagemaker:ListDomains sagemaker:ListUserProfiles \
                  sagemaker:UpdateAppImageConfig",
    },
    Template {
        name: "SM_StudioAppPermissions_KMS",
        version: 1,
        activity: Activity::RunStudioApps,
        variant: Variant::Kms,
        actions: "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:GenerateDataKey \
                  sagemaker:CreateApp sagemaker:CreateAppImageConfig sagemaker:DeleteApp \
                  sagemaker:DeleteAppImageConfig sagemaker:DescribeApp \
                  sagemaker:DescribeAppImageConfig sagemaker:DescribeDomain \
                  sagemaker:DescribeUserProfile sagemaker:ListAppImageConfigs sagemaker:ListApps \
                  sagemaker:ListDomains sagemaker:ListUserProfiles \
                  sagemaker:UpdateAppImageConfig",
    },
    Template {
        name: "SM_CommonJobManagement",
        version: 1,
        activity: Activity::ManageMlJobs,
        variant: Variant::Plain,
        actions: "iam:PassRole sagemaker:BatchGetMetrics sagemaker:CreateAutoMLJob \
                  sagemaker:CreateHyperParameterTuningJob sagemaker:CreateProcessingJob \
                  sagemaker:CreateTrainingJob sagemaker:CreateTransformJob \
                  sagemaker:DescribeAutoMLJob sagemaker:DescribeHyperParameterTuningJob \
                  sagemaker:DescribeProcessingJob sagemaker:DescribeTrainingJob \
                  sagemaker:DescribeTransformJob sagemaker:ListAutoMLJobs \
                  sagemaker:ListCandidatesForAutoMLJob sagemaker:ListHyperParameterTuningJobs \
                  sagemaker:ListProcessingJobs sagemaker:ListTrainingJobs \
                  sagemaker:ListTrainingJobsForHyperParameterTuningJob \
                  sagemaker:ListTransformJobs sagemaker:Search sagemaker:StopAutoMLJob \
                  sagemaker:StopHyperParameterTuningJob sagemaker:StopProcessingJob \
                  sagemaker:StopTrainingJob sagemaker:UpdateTrainingJob",
    },
    Template {
        name: "SM_CommonJobManagement_KMS",
        version: 1,
        activity: Activity::ManageMlJobs,
        variant: Variant::Kms,
        actions: "iam:PassRole kms:CreateGrant sagemaker:BatchGetMetrics \
                  sagemaker:CreateAutoMLJob sagemaker:CreateHyperParameterTuningJob \
                  sagemaker:CreateProcessingJob sagemaker:CreateTrainingJob \
                  sagemaker:CreateTransformJob sagemaker:DescribeAutoMLJob \
                  sagemaker:DescribeHyperParameterTuningJob sagemaker:DescribeProcessingJob \
                  sagemaker:DescribeTrainingJob sagemaker:DescribeTransformJob \
                  sagemaker:ListAutoMLJobs sagemaker:ListCandidatesForAutoMLJob \
                  sagemaker:ListHyperParameterTuningJobs sagemaker:ListProcessingJobs \
                  sagemaker:ListTrainingJobs \
                  sagemaker:ListTrainingJobsForHyperParameterTuningJob \
                  sagemaker:ListTransformJobs sagemaker:Search sagemaker:StopAutoMLJob \
                  sagemaker:StopHyperParameterTuningJob sagemaker:StopProcessingJob \
                  sagemaker:StopTrainingJob sagemaker:StopTransformJob \
                  sagemaker:UpdateTrainingJob",
    },
    Template {
        name: "SM_CommonJobManagement_VPC",
        version: 1,
        activity: Activity::ManageMlJobs,
        variant: Variant::Vpc,
        actions: "iam:PassRole sagemaker:BatchGetMetrics sagemaker:CreateAutoMLJob \
                  sagemaker:CreateHyperParameterTuningJob sagemaker:CreateProcessingJob \
                  sagemaker:CreateTrainingJob sagemaker:CreateTransformJob \
                  sagemaker:DescribeAutoMLJob sagemaker:DescribeHyperParameterTuningJob \
                  sagemaker:DescribeProcessingJob sagemaker:DescribeTrainingJob \
                  sagemaker:DescribeTransformJob sagemaker:ListAutoMLJobs \
                  sagemaker:ListCandidatesForAutoMLJob sagemaker:ListHyperParameterTuningJobs \
                  sagemaker:ListProcessingJobs sagemaker:ListTrainingJobs \
                  sagemaker:ListTrainingJobsForHyperParameterTuningJob \
                  sagemaker:ListTransformJobs sagemaker:Search sagemaker:StopAutoMLJob \
                  sagemaker:StopHyperParameterTuningJob sagemaker:StopProcessingJob \
                  sagemaker:StopTrainingJob sagemaker:StopTransformJob \
                  sagemaker:UpdateTrainingJob",
    },
    Template {
        name: "SM_CommonJobManagement_VPC_KMS",
        version: 1,
        activity: Activity::ManageMlJobs,
        variant: Variant::VpcKms,
        actions: "iam:PassRole kms:CreateGrant sagemaker:BatchGetMetrics \
                  sagemaker:CreateAutoMLJob sagemaker:CreateHyperParameterTuningJob \
                  sagemaker:CreateProcessingJob sagemaker:CreateTrainingJob \
                  sagemaker:CreateTransformJob sagemaker:DescribeAutoMLJob \
                  sagemaker:DescribeHyperParameterTuningJob sagemaker:DescribeProcessingJob \
                  sagemaker:DescribeTrainingJob sagemaker:DescribeTransformJob \
                  sagemaker:ListAutoMLJobs sagemaker:ListCandidatesForAutoMLJob \
                  sagemaker:ListHyperParameterTuningJobs sagemaker:ListProcessingJobs \
                  sagemaker:ListTrainingJobs \
                  sagemaker:ListTrainingJobsForHyperParameterTuningJob \
                  sagemaker:ListTransformJobs sagemaker:Search sagemaker:StopAutoMLJob \
                  sagemaker:StopHyperParameterTuningJob sagemaker:StopProcessingJob \
                  sagemaker:StopTrainingJob sagemaker:StopTransformJob \
                  sagemaker:UpdateTrainingJob",
    },
    Template {
        name: "SM_ModelManagement",
        version: 1,
        activity: Activity::ManageModels,
        variant: Variant::Plain,
        actions: "iam:PassRole sagemaker:BatchDescribeModelPackage sagemaker:CreateModel \
                  sagemaker:CreateModelPackage sagemaker:CreateModelPackageGroup \
                  sagemaker:DeleteModel sagemaker:DeleteModelPackage \
                  sagemaker:DeleteModelPackageGroup sagemaker:DescribeModel \
                  sagemaker:DescribeModelPackage sagemaker:DescribeModelPackageGroup \
                  sagemaker:ListModelPackageGroups sagemaker:ListModelPackages \
                  sagemaker:ListModels sagemaker:UpdateModelPackage",
    },
    Template {
        name: "SM_ModelManagement_VPC",
        version: 1,
        activity: Activity::ManageModels,
        variant: Variant::Vpc,
        actions: "iam:PassRole sagemaker:BatchDescribeModelPackage sagemaker:CreateModel \
                  sagemaker:CreateModelPackage sagemaker:CreateModelPackageGroup \
                  sagemaker:DeleteModel sagemaker:DeleteModelPackage \
                  sagemaker:DeleteModelPackageGroup sagemaker:DescribeModel \
                  sagemaker:DescribeModelPackage sagemaker:DescribeModelPackageGroup \
                  sagemaker:ListModelPackageGroups sagemaker:ListModelPackages \
                  sagemaker:ListModels sagemaker:UpdateModelPackage",
    },
    Template {
        name: "SM_EndpointDeployment",
        version: 1,
        activity: Activity::ManageEndpoints,
        variant: Variant::Plain,
        actions: "sagemaker:CreateEndpoint sagemaker:CreateEndpointConfig \
                  sagemaker:DeleteEndpoint sagemaker:DeleteEndpointConfig \
                  sagemaker:DescribeEndpoint sagemaker:DescribeEndpointConfig \
                  sagemaker:ListEndpointConfigs sagemaker:ListEndpoints sagemaker:UpdateEndpoint \
                  sagemaker:UpdateEndpointWeightsAndCapacities",
    },
    Template {
        name: "SM_EndpointDeployment_KMS",
        version: 1,
        activity: Activity::ManageEndpoints,
        variant: Variant::Kms,
        actions: "kms:CreateGrant sagemaker:CreateEndpoint sagemaker:CreateEndpointConfig \
                  sagemaker:DeleteEndpoint sagemaker:DeleteEndpointConfig \
                  sagemaker:DescribeEndpoint sagemaker:DescribeEndpointConfig \
                  sagemaker:ListEndpointConfigs sagemaker:ListEndpoints sagemaker:UpdateEndpoint \
                  sagemaker:UpdateEndpointWeightsAndCapacities",
    },
    Template {
        name: "SM_PipelineManagement",
        version: 1,
        activity: Activity::ManagePipelines,
        variant: Variant::Plain,
        actions: "iam:PassRole sagemaker:CreatePipeline sagemaker:DeletePipeline \
                  sagemaker:DescribePipeline sagemaker:DescribePipelineDefinitionForExecution \
                  sagemaker:DescribePipelineExecution sagemaker:ListPipelineExecutionSteps \
                  sagemaker:ListPipelineExecutions sagemaker:ListPipelineParametersForExecution \
                  sagemaker:ListPipelines sagemaker:RetryPipelineExecution \
                  sagemaker:SendPipelineExecutionStepFailure \
                  sagemaker:SendPipelineExecutionStepSuccess sagemaker:StartPipelineExecution \
                  sagemaker:StopPipelineExecution sagemaker:UpdatePipelineExecution",
    },
    Template {
        name: "SM_ExperimentsManagement",
        version: 1,
        activity: Activity::ManageExperiments,
        variant: Variant::Plain,
        actions: "sagemaker:AddAssociation sagemaker:AssociateTrialComponent \
                  sagemaker:CreateAction sagemaker:CreateArtifact sagemaker:CreateContext \
                  sagemaker:CreateExperiment sagemaker:CreateTrial \
                  sagemaker:CreateTrialComponent sagemaker:DeleteAction sagemaker:DeleteArtifact \
                  sagemaker:DeleteAssociation sagemaker:DeleteContext sagemaker:DeleteExperiment \
                  sagemaker:DeleteTrial sagemaker:DeleteTrialComponent \
                  sagemaker:DisassociateTrialComponent sagemaker:UpdateAction \
                  sagemaker:UpdateArtifact sagemaker:UpdateContext sagemaker:UpdateExperiment \
                  sagemaker:UpdateTrial sagemaker:UpdateTrialComponent",
    },
    Template {
        name: "SM_ExperimentsVisualization",
        version: 1,
        activity: Activity::SearchExperiments,
        variant: Variant::Plain,
        actions: "sagemaker:DescribeAction sagemaker:DescribeArtifact sagemaker:DescribeContext \
                  sagemaker:DescribeExperiment sagemaker:DescribeLineageGroup \
                  sagemaker:DescribeTrial sagemaker:DescribeTrialComponent \
                  sagemaker:GetLineageGroupPolicy sagemaker:GetSearchSuggestions \
                  sagemaker:ListActions sagemaker:ListArtifacts sagemaker:ListAssociations \
                  sagemaker:ListContexts sagemaker:ListExperiments sagemaker:ListLineageGroups \
                  sagemaker:ListTrialComponents sagemaker:ListTrials sagemaker:QueryLineage \
                  sagemaker:Search",
    },
    Template {
        name: "SM_ModelMonitoring",
        version: 1,
        activity: Activity::ManageModelMonitoring,
        variant: Variant::Plain,
        actions: "iam:PassRole sagemaker:CreateMonitoringSchedule sagemaker:CreateProcessingJob \
                  sagemaker:DeleteMonitoringSchedule sagemaker:DescribeMonitoringSchedule \
                  sagemaker:DescribeProcessingJob sagemaker:ListMonitoringSchedules \
                  sagemaker:ListProcessingJobs sagemaker:StartMonitoringSchedule \
                  sagemaker:StopMonitoringSchedule sagemaker:StopProcessingJob \
                  sagemaker:UpdateMonitoringSchedule",
    },
    Template {
        name: "SM_ModelMonitoring_KMS",
        version: 1,
        activity: Activity::ManageModelMonitoring,
        variant: Variant::Kms,
        actions: "iam:PassRole kms:CreateGrant sagemaker:CreateMonitoringSchedule \
                  sagemaker:CreateProcessingJob sagemaker:DeleteMonitoringSchedule \
                  sagemaker:DescribeMonitoringSchedule sagemaker:DescribeProcessingJob \
                  sagemaker:ListMonitoringSchedules sagemaker:ListProcessingJobs \
                  sagemaker:StartMonitoringSchedule sagemaker:StopMonitoringSchedule \
                  sagemaker:StopProcessingJob sagemaker:UpdateMonitoringSchedule",
    },
    Template {
        name: "SM_ModelMonitoring_VPC",
        version: 1,
        activity: Activity::ManageModelMonitoring,
        variant: Variant::Vpc,
        actions: "iam:PassRole sagemaker:CreateMonitoringSchedule sagemaker:CreateProcessingJob \
                  sagemaker:ListMonitoringSchedules sagemaker:ListProcessingJobs \
                  sagemaker:UpdateMonitoringSchedule",
    },
    Template {
        name: "SM_ModelMonitoring_VPC_KMS",
        version: 1,
        activity: Activity::ManageModelMonitoring,
        variant: Variant::VpcKms,
        actions: "iam:PassRole kms:CreateGrant sagemaker:CreateMonitoringSchedule \
                  sagemaker:CreateProcessingJob sagemaker:DeleteMonitoringSchedule \
                  sagemaker:DescribeMonitoringSchedule sagemaker:DescribeProcessingJob \
                  sagemaker:ListMonitoringSchedules sagemaker:ListProcessingJobs \
                  sagemaker:StartMonitoringSchedule sagemaker:StopMonitoringSchedule \
                  sagemaker:StopProcessingJob sagemaker:UpdateMonitoringSchedule",
    },
    Template {
        name: "SM_ComputeExecutionRole",
        version: 1,
        activity: Activity::AccessAwsServices,
        variant: Variant::Plain,
        actions: "cloudwatch:PutMetricData ecr:BatchCheckLayerAvailability ecr:BatchGetImage \
                  ecr:GetAuthorizationToken ecr:GetDownloadUrlForLayer ecr:ListImages \
                  logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogStreams \
                  logs:PutLogEvents s3:GetObject s3:ListBucket s3:PutObject \
                  sagemaker:BatchPutMetrics",
    },
    Template {
        name: "SM_ComputeExecutionRole_KMS",
        version: 1,
        activity: Activity::AccessAwsServices,
        variant: Variant::Kms,
        actions: "cloudwatch:PutMetricData ecr:BatchCheckLayerAvailability ecr:BatchGetImage \
                  ecr:GetAuthorizationToken ecr:GetDownloadUrlForLayer ecr:ListImages \
                  kms:Decrypt kms:GenerateDataKey logs:CreateLogGroup logs:CreateLogStream \
                  logs:DescribeLogStreams logs:PutLogEvents s3:GetObject s3:ListBucket \
                  s3:PutObject sagemaker:BatchPutMetrics",
    },
    Template {
        name: "SM_ComputeExecutionRole_VPC",
        version: 1,
        activity: Activity::AccessAwsServices,
        variant: Variant::Vpc,
        actions: "cloudwatch:PutMetricData ec2:CreateNetworkInterface \
                  ec2:CreateNetworkInterfacePermission ec2:DeleteNetworkInterface \
                  ec2:DeleteNetworkInterfacePermission ec2:DescribeDhcpOptions \
                  ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups ec2:DescribeSubnets \
                  ec2:DescribeVpcs ecr:BatchCheckLayerAvailability ecr:BatchGetImage \
                  ecr:GetAuthorizationToken ecr:GetDownloadUrlForLayer ecr:ListImages \
                  logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogStreams \
                  logs:PutLogEvents s3:GetObject s3:ListBucket s3:PutObject \
                  sagemaker:BatchPutMetrics",
    },
    Template {
        name: "SM_ComputeExecutionRole_VPC_KMS",
        version: 1,
        activity: Activity::AccessAwsServices,
        variant: Variant::VpcKms,
        actions: "cloudwatch:PutMetricData ec2:CreateNetworkInterface \
                  ec2:CreateNetworkInterfacePermission ec2:DeleteNetworkInterface \
                  ec2:DeleteNetworkInterfacePermission ec2:DescribeDhcpOptions \
                  ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups ec2:DescribeSubnets \
                  ec2:DescribeVpcs ecr:BatchCheckLayerAvailability ecr:BatchGetImage \
                  ecr:GetAuthorizationToken ecr:GetDownloadUrlForLayer ecr:ListImages \
                  kms:Decrypt kms:GenerateDataKey logs:CreateLogGroup logs:CreateLogStream \
                  logs:DescribeLogStreams logs:PutLogEvents s3:GetObject s3:ListBucket \
                  s3:PutObject sagemaker:BatchPutMetrics",
    },
    Template {
        name: "SageMakerS3AllResourcesPolicyTemplate",
        version: 1,
        activity: Activity::S3Access,
        variant: Variant::Plain,
        actions: "s3:GetObject s3:ListBucket s3:PutObject",
    },
    Template {
        name: "SageMakerS3AllResourcesPolicyTemplate",
        version: 2,
        activity: Activity::S3Access,
        variant: Variant::Plain,
        actions: "s3:DeleteObject s3:GetObject s3:ListBucket s3:PutObject",
    },
    Template {
        name: "SageMakerS3BucketPolicyTemplate",
        version: 1,
        activity: Activity::S3Access,
        variant: Variant::Plain,
        actions: "s3:DeleteObject s3:GetObject s3:ListBucket s3:PutObject",
    },
    Template {
        name: "SM_AthenaQueryAccess",
        version: 1,
        activity: Activity::QueryAthena,
        variant: Variant::Plain,
        actions: "athena:GetQueryExecution athena:GetQueryResults athena:ListDataCatalogs \
                  athena:ListDatabases athena:ListTableMetadata athena:StartQueryExecution \
                  athena:StopQueryExecution",
    },
    Template {
        name: "SM_GlueTableManagement",
        version: 1,
        activity: Activity::ManageGlueTables,
        variant: Variant::Plain,
        actions: "glue:GetTable glue:SearchTables glue:UpdateTable s3:GetBucketAcl s3:GetObject \
                  s3:PutBucketAcl s3:PutObject",
    },
    Template {
        name: "SM_GlueTableManagement_KMS",
        version: 1,
        activity: Activity::ManageGlueTables,
        variant: Variant::Kms,
        actions: "glue:GetTable glue:SearchTables glue:UpdateTable kms:Decrypt \
                  kms:GenerateDataKey s3:GetBucketAcl s3:GetObject s3:PutBucketAcl s3:PutObject",
    },
];
