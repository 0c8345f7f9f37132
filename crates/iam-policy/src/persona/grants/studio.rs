//! Studio itself, and what is seen and kept of experiments.

use super::{grant_volume_keys, on_all, sagemaker, use_data_keys};
use crate::document::Statement;
use crate::persona::Scope;

pub(super) fn apps(scope: &Scope) -> Vec<Statement> {
    let own = Statement::allow("StudioAppsAndSpaces")
        .actions(sagemaker("CreateApp CreateSpace DeleteApp DeleteSpace UpdateSpace"))
        .resources(scope.in_domains("app"))
        .resources(scope.in_domains("space"));
    let look = Statement::allow("StudioLook")
        .actions(sagemaker("DescribeApp DescribeDomain DescribeSpace DescribeUserProfile"))
        .resources(
            ["app", "domain", "space", "user-profile"].map(|k| scope.in_domains(k)).concat(),
        );
    let images = Statement::allow("StudioImages")
        .actions(sagemaker(
            "CreateAppImageConfig DeleteAppImageConfig DescribeAppImageConfig UpdateAppImageConfig",
        ))
        .resources(scope.of_types(&["app-image-config"]));
    let lists = on_all(
        "StudioLists",
        "ListAppImageConfigs ListApps ListDomains ListSpaces ListUserProfiles",
    );
    let links = scope.own_links.iter().enumerate().map(|(index, conditions)| Statement {
        condition: conditions.clone(),
        ..Statement::allow(format!("StudioOwnLink{}", index + 1))
            .actions(["sagemaker:CreatePresignedDomainUrl"])
            .resources(scope.in_domains("user-profile"))
    });
    let keys = &scope.kms_keys.volumes;
    let describe = (!keys.is_empty()).then(|| {
        Statement::allow("LookAtVolumeKeys")
            .actions(["kms:DescribeKey"])
            .resources(keys.clone())
            .when("StringEquals", "kms:ViaService", scope.via("sagemaker"))
    });
    [own, look, images, lists]
        .into_iter()
        .chain(links)
        .chain(grant_volume_keys(scope))
        .chain(describe)
        .chain(use_data_keys(scope))
        .collect()
}

pub(super) fn experiments(scope: &Scope) -> Vec<Statement> {
    let manage = Statement::allow("ExperimentsManage")
        .actions(sagemaker(
            "AddAssociation AssociateTrialComponent CreateAction CreateArtifact CreateContext \
             CreateExperiment CreateTrial CreateTrialComponent DeleteAction DeleteArtifact \
             DeleteAssociation DeleteContext DeleteExperiment DeleteTrial DeleteTrialComponent \
             DisassociateTrialComponent UpdateAction UpdateArtifact UpdateContext UpdateExperiment \
             UpdateTrial UpdateTrialComponent",
        ))
        .resources(scope.of_types(&LINEAGE))
        // A component can also be taken off a processing job.
        .resources(scope.of_types(&["processing-job"]));
    vec![manage]
}

pub(super) fn search(scope: &Scope) -> Vec<Statement> {
    let look = Statement::allow("ExperimentsLook")
        .actions(sagemaker(
            "DescribeAction DescribeArtifact DescribeContext DescribeExperiment DescribeTrial \
             DescribeTrialComponent",
        ))
        .resources(scope.of_types(&LINEAGE));
    let lists = on_all(
        "ExperimentsSearch",
        "DescribeLineageGroup GetLineageGroupPolicy GetSearchSuggestions ListActions ListArtifacts \
         ListAssociations ListContexts ListExperiments ListLineageGroups ListTrialComponents \
         ListTrials QueryLineage Search",
    );
    vec![look, lists]
}

/// The types of what experiments are made of.
const LINEAGE: [&str; 6] = [
    "action",
    "artifact",
    "context",
    "experiment",
    "experiment-trial",
    "experiment-trial-component",
];
