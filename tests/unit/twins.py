"""A tiny twin of each published layout that has tables: the text of its files by their names, pictures empty."""

from pathlib import Path

ONE_HOT_2018 = "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC"
ONE_HOT_2019 = "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK"
MILK10K = "AKIEC,BCC,BEN_OTH,BKL,DF,INF,MAL_OTH,MEL,NV,SCCKA,VASC"
TWINS = {
    "ham10000": {
        "HAM10000_metadata.csv": """lesion_id,image_id,dx,dx_type,age,sex,localization
HAM_1,ISIC_0000001,nv,follow_up,45.0,male,trunk
HAM_1,ISIC_0000002,nv,follow_up,45.0,male,trunk
HAM_2,ISIC_0000003,akiec,histo,0.0,unknown,unknown
""",
        "HAM10000_images_part_1/ISIC_0000001.jpg": "",
        "HAM10000_images_part_1/ISIC_0000002.jpg": "",
        "HAM10000_images_part_2/ISIC_0000003.jpg": "",
    },
    "isic2016": {
        "ISBI2016_ISIC_Part3_Training_GroundTruth.csv": """ISIC_0000001,benign,,
ISIC_0000002,malignant,,
""",
        "ISBI2016_ISIC_Part3_Test_GroundTruth.csv": "ISIC_0000003,0.0\nISIC_0000004,1.0\nISIC_0000005,?\n",
        "ISBI2016_ISIC_Part3_Training_Data/ISIC_0000001.jpg": "",
        "ISBI2016_ISIC_Part3_Training_Data/ISIC_0000002.jpg": "",
        **{f"ISBI2016_ISIC_Part3_Test_Data/ISIC_000000{number}.jpg": "" for number in (3, 4, 5)},
    },
    "isic2017": {
        "ISIC-2017_Training_Part3_GroundTruth.csv": """image_id,melanoma,seborrheic_keratosis,,
ISIC_0000001,0.0,0.0,,
ISIC_0000002,1.0,0.0,,
ISIC_0000003,0.0,1.0,,
ISIC_0000004,,,,
""",
        "ISIC-2017_Training_Data/ISIC-2017_Training_Data_metadata.csv": """image_id,age_approximate,sex
ISIC_0000001,unknown,unknown
ISIC_0000002,60,female
ISIC_0000003,45,male
ISIC_0000004,5,male
""",
        **{f"ISIC-2017_Training_Data/ISIC_000000{number}.jpg": "" for number in (1, 2, 3, 4)},
    },
    "isic2018": {
        "ISIC2018_Task3_Training_GroundTruth/ISIC2018_Task3_Training_GroundTruth.csv": f"""{ONE_HOT_2018}
ISIC_0000001,0.0,1.0,0.0,0.0,0.0,0.0,0.0
ISIC_0000003,0.0,0.0,0.0,1.0,0.0,0.0,0.0
""",
        "ISIC2018_Task3_Training_LesionGroupings.csv": """image,lesion_id,diagnosis_confirm_type
ISIC_0000001,HAM_1,serial imaging showing no change
ISIC_0000003,HAM_2,histopathology
""",
        "ISIC2018_Task3_Training_Input/ISIC_0000001.jpg": "",
        "ISIC2018_Task3_Training_Input/ISIC_0000003.jpg": "",
    },
    "isic2019": {
        "ISIC_2019_Training_GroundTruth.csv": f"""{ONE_HOT_2019}
ISIC_0000001_downsampled,0,1,0,0,0,0,0,0,0
ISIC_0000003,0,0,0,0,0,0,0,1,0
ISIC_0000004,0,0,0,0,0,0,0,0,1
""",
        "ISIC_2019_Training_Metadata.csv": """image,age_approx,anatom_site_general,lesion_id,sex
ISIC_0000001_downsampled,30.0,head/neck,MSK4_0011169,female
ISIC_0000003,,,BCN_0000001,
ISIC_0000004,85.0,palms/soles,,male
""",
        "ISIC_2019_Training_Input/ISIC_0000001_downsampled.jpg": "",
        "ISIC_2019_Training_Input/ISIC_0000003.jpg": "",
        "ISIC_2019_Training_Input/ISIC_0000004.jpg": "",
    },
    "siim2020": {
        "train.csv": """\
image_name,patient_id,sex,age_approx,anatom_site_general_challenge,diagnosis,benign_malignant,target
ISIC_0000001,IP_1,male,45.0,torso,unknown,benign,0
ISIC_0000002,IP_2,male,45.0,torso,nevus,benign,0
ISIC_0000003,IP_2,,,,melanoma,malignant,1
ISIC_0000004,IP_3,female,50.0,head/neck,unknown,benign,0
""",
        "ISIC_2020_Training_Duplicates.csv": """image_name_1,image_name_2
ISIC_0000001,ISIC_0000009
ISIC_0000003,ISIC_0000009
""",
        "test.csv": "image_name,patient_id\nISIC_0000005,IP_4\n",
        **{f"jpeg/train/ISIC_000000{number}.jpg": "" for number in range(1, 5)},
    },
    "isic2024": {
        "train-metadata.csv": """isic_id,target,patient_id,age_approx,sex,anatom_site_general,tbp_tile_type,\
attribution,lesion_id,iddx_full,iddx_1,iddx_2,iddx_3,iddx_4,iddx_5
ISIC_0000001,0,IP_1,60.0,male,lower extremity,3D: white,A,,Benign,Benign,,,,
ISIC_0000002,1,IP_2,60.0,male,posterior torso,3D: XP,A,IL_1,x,Malignant,\
Malignant melanocytic proliferations (Melanoma),Melanoma in situ,"Melanoma in situ, Lentigo maligna type",
ISIC_0000003,1,IP_2,,,,3D: XP,A,IL_2,x,Malignant,Malignant adnexal epithelial proliferations - Follicular,\
Basal cell carcinoma,"Basal cell carcinoma, Nodular",
ISIC_0000004,1,IP_3,,,,3D: XP,A,IL_3,x,Malignant,Malignant adnexal epithelial proliferations - Follicular,,,
ISIC_0000005,0,IP_3,,,,3D: XP,A,IL_4,x,Benign,Benign melanocytic proliferations,Nevus,,
""",
        "test-metadata.csv": "isic_id,patient_id,tbp_tile_type\nISIC_0000009,IP_9,3D: XP\n",
        "sample_submission.csv": "isic_id,target\nISIC_0000009,0.3\n",
        **{f"train-image/image/ISIC_000000{number}.jpg": "" for number in range(1, 6)},
    },
    "milk10k": {
        "MILK10k_Training_GroundTruth.csv": f"""lesion_id,{MILK10K}
IL_1,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0
IL_2,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0,0.0
""",
        "MILK10k_Training_Metadata.csv": """\
lesion_id,image_type,isic_id,attribution,copyright_license,age_approx,sex,skin_tone_class,site
IL_1,clinical: close-up,ISIC_0000001,M,CC-BY-NC,75.0,male,3.0,head_neck_face
IL_1,dermoscopic,ISIC_0000002,M,CC-BY-NC,75.0,male,3.0,head_neck_face
IL_2,clinical: close-up,ISIC_0000003,M,CC-BY-NC,30.0,female,,trunk
IL_2,dermoscopic,ISIC_0000004,M,CC-BY-NC,30.0,female,,trunk
""",
        "MILK10k_Training_Supplement.csv": """isic_id,diagnosis_full,diagnosis_confirm_type
ISIC_0000001,"Squamous cell carcinoma, Invasive",histopathology
ISIC_0000002,"Squamous cell carcinoma, Invasive",histopathology
ISIC_0000003,Nevus,single image expert consensus
ISIC_0000004,Nevus,single image expert consensus
""",
        "MILK10k_Training_Input/IL_1/ISIC_0000001.jpg": "",
        "MILK10k_Training_Input/IL_1/ISIC_0000002.jpg": "",
        "MILK10k_Training_Input/IL_2/ISIC_0000003.jpg": "",
        "MILK10k_Training_Input/IL_2/ISIC_0000004.jpg": "",
    },
    "pad_ufes_20": {
        "metadata.csv": """\
patient_id,lesion_id,smoke,age,gender,fitspatrick,region,diameter_1,diagnostic,itch,img_id,biopsed
PAT_1516,1765,,8,,,ARM,,NEV,FALSE,PAT_1516_1765_530.png,FALSE
PAT_46,881,FALSE,55,FEMALE,3.0,NECK,6.0,BCC,TRUE,PAT_46_881_939.png,TRUE
PAT_46,881,FALSE,55,FEMALE,3.0,NECK,6.0,BCC,TRUE,PAT_46_881_940.png,TRUE
PAT_47,882,FALSE,79,MALE,1.0,FACE,5.0,ACK,TRUE,PAT_47_882_941.png,FALSE
""",
        "images/imgs_part_1/imgs_part_1/PAT_1516_1765_530.png": "",
        "images/imgs_part_1/imgs_part_1/PAT_46_881_939.png": "",
        "images/imgs_part_2/imgs_part_2/PAT_46_881_940.png": "",
        "images/imgs_part_3/imgs_part_3/PAT_47_882_941.png": "",
    },
    "ph2": {
        "PH2_dataset.txt": """||   Name || Histological Diagnosis || Clinical Diagnosis || Asymmetry ||   Colors ||
|| IMD003 ||                        ||                  0 ||         0 ||        4 ||
|| IMD004 ||                        ||                  1 ||         1 ||     3  4 ||
|| IMD424 ||               Melanoma ||                  2 ||         2 ||     3  4 ||


Legends for Clinical Diagnosis:
   0 - Common Nevus;
   1 - Atypical Nevus;
   2 - Melanoma.
""",
        **{
            f"PH2 Dataset images/{name}/{name}_Dermoscopic_Image/{name}.bmp": ""
            for name in ("IMD003", "IMD004", "IMD424")
        },
    },
    "isic_archive": {
        "metadata.csv": """isic_id,attribution,copyright_license,age_approx,diagnosis,diagnosis_1,diagnosis_2,\
diagnosis_3,diagnosis_4,diagnosis_confirm_type,lesion_id,patient_id,sex
ISIC_0000001,A,CC-0,85,,Malignant,Malignant melanocytic proliferations (Melanoma),Melanoma in situ,\
"Melanoma in situ, Lentigo maligna type",histopathology,IL_1,IP_1,male
ISIC_0000002,A,CC-0,40,,Benign,Benign melanocytic proliferations,Nevus,,,IL_2,IP_1,female
ISIC_0000003,A,CC-0,40,,Benign,Benign soft tissue proliferations - Fibro-histiocytic,Scar,,,,,
ISIC_0000004,A,CC-0,40,,Benign,Benign soft tissue proliferations - Vascular,,,,,,
ISIC_0000005,A,CC-0,40,actinic keratosis,,,,,,,,
ISIC_0000006,A,CC-0,40,,Benign,Benign melanocytic proliferations,,,,,,
""",
        "attribution.txt": "A",
        "licenses/CC-0.txt": "CC-0",
        **{f"ISIC_000000{number}.jpg": "" for number in range(1, 7)},
    },
}


def lay_out(folder: Path, files: dict[str, str]) -> Path:
    """Write the files (name -> text) into `folder/set`, beside what is there, and return that."""
    for name, text in files.items():
        path = folder / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "set"
